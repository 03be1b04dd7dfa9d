# One image for web and worker: docs/operations.md, "Containers". Never built where it was written.

FROM python:3.13-slim-bookworm AS packages
WORKDIR /easel
COPY requirements.txt .
RUN python -m venv .venv \
    && .venv/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements.txt

FROM python:3.13-slim-bookworm
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    DATA_DIR=/data HOST=0.0.0.0 PORT=8000 LOG_FORMAT=json
WORKDIR /easel
RUN useradd --system --uid 10001 --home-dir /easel easel \
    && install --directory --owner=easel --mode=0700 /data
COPY --from=packages /easel/.venv .venv
COPY . .
USER 10001
VOLUME /data
EXPOSE 8000

# Database and static files are brought up to date first; machines that start at once take turns
ENTRYPOINT ["/easel/deploy/start"]
CMD ["web"]
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
    CMD ["/easel/deploy/healthy"]
