# What Easel is built, run and tested with. Every target leaves a ready .venv.

PORT ?= 8000
export PORT

BIN := .venv/bin
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
	&& { echo $$p; break; }; done)
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

TABLES := hop idle calls added instant start gallery admin submits rate studio thumbs

.PHONY: $(TABLES) run cluster test test-long test-cluster check audit bench chaos format lock screenshots clean

run: .venv/runtime
	@$(BIN)/python manage.py prepare
	@$(BIN)/python -m config.announce $(PORT) & \
	ALLOWED_HOSTS=$${ALLOWED_HOSTS:-127.0.0.1,localhost} \
	SITE_URL=$${SITE_URL:-http://127.0.0.1:$(PORT)} \
	exec $(BIN)/honcho --no-prefix start

# The production shape: PostgreSQL, Redis, S3, two web and two worker machines behind one address
cluster: .venv/develop
	@exec $(BIN)/python -m tests.cluster $(PORT)

test: .venv/develop .venv/browser
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not long"

test-long: .venv/develop .venv/browser
	$(BIN)/python -m pytest -m long

# All that runs against several machines, long or not: the main job in a browser, the API, chaos
test-cluster: .venv/develop .venv/browser
	$(BIN)/python -m pytest -m cluster

check: .venv/develop
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/djlint --quiet --check --lint templates
	$(BIN)/mypy accounts config gallery studio
	$(BIN)/lint-imports --no-cache
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py check --deploy --fail-level WARNING
	deploy/check

format: .venv/develop
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/djlint --quiet --reformat templates

# Exact versions with hashes, for every Python that is supported; no address of a registry
lock: .venv/develop
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate pyproject.toml --output-file requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate --group dev pyproject.toml --output-file requirements-dev.txt

# All tables, or those named: `make bench gallery`; SHAPE=postgresql for a million images there,
# or as many as MANY says
bench: .venv/develop
	SHAPE=$(SHAPE) MANY=$(MANY) $(BIN)/python -m tests.bench $(filter $(TABLES),$(MAKECMDGOALS))

$(TABLES): bench
	@:

# SHAPE=sqlite, postgresql, redis or cluster for one of them; SEED, JOBS and KILLS may be given, too
chaos: .venv/develop
	$(BIN)/python -m tests.chaos $(SHAPE) $(if $(SEED),--seed $(SEED)) \
		$(if $(JOBS),--jobs $(JOBS)) $(if $(KILLS),--kills $(KILLS))

# Our dependencies against the database of known holes, where it can be reached
audit: .venv/develop
	@if $(BIN)/python -c 'import socket; socket.create_connection(("api.osv.dev", 443), 5)' \
		2>/dev/null; then \
		$(BIN)/uv tool run --quiet pip-audit@2.9.0 --progress-spinner off -s osv \
			--no-deps --disable-pip -r requirements.txt; \
	else echo "Skipped: the database of known holes (api.osv.dev) cannot be reached."; fi

screenshots: .venv/develop .venv/browser
	$(BIN)/python -m docs.screenshots

clean:
	rm -rf .venv build .mypy_cache .pytest_cache .ruff_cache

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Easel needs Python 3.11, 3.12 or 3.13" >&2; exit 1; }
	@echo "Setting up .venv with $(PYTHON); this is done once."
	@$(PYTHON) -m venv .venv

.venv/runtime: requirements.txt | .venv/bin/python
	@$(PIP) -r requirements.txt
	@touch $@

.venv/develop: requirements-dev.txt requirements.txt | .venv/bin/python
	@$(PIP) -r requirements-dev.txt
	@touch $@ .venv/runtime

# Debian's Chromium, where no other is there (CHROMIUM names one elsewhere), and photographs
# (PHOTOGRAPHS names another folder of them)
.venv/browser: | .venv/bin/python
	@command -v "$${CHROMIUM:-chromium}" >/dev/null || command -v google-chrome >/dev/null || { \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } >/dev/null
	@test -d "$${PHOTOGRAPHS:-/usr/share/backgrounds/mate}" || { \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends mate-backgrounds; } >/dev/null
	@touch $@
