"""Each variable is described, and a wrong one stops the start by its name."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from config import environment

ROOT = Path(settings.BASE_DIR)


def names(pattern: str, file: str) -> list[str]:
    return re.findall(pattern, (ROOT / file).read_text(), re.MULTILINE)


def test_every_variable_is_described() -> None:
    read = names(r'environment\.\w+\(\s*"([A-Z0-9_]+)"', "config/settings.py")
    described = names(r"^\| `([A-Z0-9_]+)` \|", "docs/configuration.md")
    example = names(r"^# ([A-Z0-9_]+)=", ".env.example")
    assert len(described) == len(set(described))
    assert set(described) == set(read)
    assert example == described


@pytest.mark.parametrize(
    ("name", "default"), re.findall(r"^# (\w+)=(\S+)$", (ROOT / ".env.example").read_text(), re.M)
)
def test_the_defaults_are_the_described_ones(name: str, default: str) -> None:
    row = next(iter(names(rf"^\| `{name}` \| (.*?) \|", "docs/configuration.md")))
    if row.startswith("`") and name not in {"DATA_DIR", "ENGINE", "EMAIL_FROM"}:
        assert row == f"`{default}`"
    source = re.sub(r"(?<=\d)_(?=\d)", "", (ROOT / "config/settings.py").read_text())
    if default.isdigit():
        assert re.search(rf'number\("{name}", default={default}[,)]', source)
    if default.startswith("https"):
        assert re.search(rf'(address|origin)\("{name}", "{default}"\)', source)


def folder(name: str) -> Path:
    return environment.made_folder(name, ROOT)


Reader = Callable[[str], Any]


def number(name: str) -> int:
    return environment.number(name, default=5, minimum=1, maximum=9)


def choice(name: str) -> str:
    return environment.choice(name, default="a", among=("a", "b"))


def database(name: str) -> dict[str, object]:
    return environment.parsed(name, "db_url", "sqlite:////tmp/x")


def mail(name: str) -> dict[str, object]:
    return environment.parsed(name, "email_url", "consolemail://")


def redis(name: str) -> str:
    return environment.address(name, schemes=("rediss", "redis"))


def site(name: str) -> str:
    return environment.origin(name, "https://localhost")


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (environment.flag, "maybe"),
        (environment.flag, "2"),
        (number, "0"),
        (number, "10"),
        (number, "-5"),
        (number, "5.0"),
        (number, "five"),
        (number, "٥"),
        (number, "5" * 5_000),
        (choice, "c"),
        (choice, "A"),
        (environment.address, "easel.example.com"),
        (environment.address, "ftp://easel.example.com"),
        (environment.address, "https://"),
        (environment.address, "http://[::1"),
        (environment.address, "http://host:99999"),
        (redis, "http://host"),
        (redis, "host:6379"),
        (redis, "redis+tls://:secret@host:6379"),
        (site, "https://host/secret"),
        (site, "https://host?secret"),
        (site, "https://host#secret"),
        (site, "https://user:secret@host"),
        (site, "host"),
        (folder, str(ROOT / "manage.py")),
        (folder, str(ROOT / "manage.py/data")),
        (database, "nonsense"),
        (database, "mysql://user:secret@host/name"),
        (database, "postgres://user:secret@host:port/name"),
        (mail, "nonsense"),
        (mail, "smtp://user:secret@host:port"),
    ],
)
def test_a_wrong_value_stops_by_name(
    monkeypatch: pytest.MonkeyPatch, read: Reader, value: str
) -> None:
    monkeypatch.setenv("EASEL_TEST", value)
    with pytest.raises(SystemExit) as stop:
        read("EASEL_TEST")
    line = str(stop.value.code)
    assert line.startswith("easel: the variable EASEL_TEST ")
    assert "\n" not in line
    assert "secret" not in line


@pytest.mark.parametrize(
    ("read", "value", "found"),
    [
        (environment.text, " x ", "x"),
        (environment.text, "$HOME", "$HOME"),
        (environment.flag, "", False),
        (environment.flag, "Yes", True),
        (environment.flag, "off", False),
        (number, "", 5),
        (number, " 9 ", 9),
        (choice, "", "a"),
        (choice, "b", "b"),
        (environment.names, " a, b,,", ["a", "b"]),
        (environment.address, "", ""),
        (environment.address, "https://host:8443/v1/", "https://host:8443/v1"),
        (redis, "redis://:word@host:6379/0", "redis://:word@host:6379/0"),
        (site, "", "https://localhost"),
        (site, "http://host:8000/", "http://host:8000"),
        (site, "http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_a_value_is_read(
    monkeypatch: pytest.MonkeyPatch, read: Reader, value: str, found: object
) -> None:
    monkeypatch.setenv("EASEL_TEST", value)
    assert read("EASEL_TEST") == found


def test_an_empty_address_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EASEL_TEST", "")
    assert database("EASEL_TEST")["ENGINE"] == "django.db.backends.sqlite3"


def test_a_folder_is_there_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EASEL_TEST", str(tmp_path / "new" / "data"))
    assert environment.made_folder("EASEL_TEST", ROOT).stat().st_mode & 0o777 == 0o700


def test_postgres_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EASEL_TEST", "postgres://user:pa%24s@host:5433/name")
    found = database("EASEL_TEST")
    assert found["ENGINE"] == "django.db.backends.postgresql"
    assert (found["HOST"], found["PORT"], found["PASSWORD"]) == ("host", 5433, "pa$s")


def test_a_mail_server_without_a_port_has_the_usual_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EASEL_TEST", "smtp://host")
    assert "EMAIL_PORT" not in mail("EASEL_TEST")


def test_a_secret_is_made_once_however_many_ask(tmp_path: Path) -> None:
    file = tmp_path / "new" / "secret"
    found: list[str] = []

    def ask() -> None:
        found.append(environment.kept_secret("EASEL_TEST", file))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(found[0]) >= 50
    assert file.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in file.parent.iterdir()] == ["secret"]


def test_a_secret_that_is_set_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EASEL_TEST", "mine")
    assert environment.kept_secret("EASEL_TEST", tmp_path / "secret") == "mine"
    assert not (tmp_path / "secret").exists()


def test_a_secret_that_cannot_be_kept_stops_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit, match="the variable EASEL_TEST is not set"):
        environment.kept_secret("EASEL_TEST", tmp_path / "file" / "secret")


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("ENGINE_CONCURRENCY", {"ENGINE_CONCURRENCY": "many"}),
        ("STEP_API_KEY", {"ENGINE": "stepfun"}),
        ("STEP_API_KEY", {"STEP_API_KEY": "sk-é"}),
        ("OPENAI_API_BASE", {"ENGINE": "openai"}),
        ("OPENAI_API_BASE", {"OPENAI_API_BASE": "gpu:8000"}),
        ("OPENAI_API_DIALECT", {"OPENAI_API_DIALECT": "vllm"}),
        ("OPENAI_API_KEY", {"OPENAI_API_KEY": "sk-one\ntwo"}),
        ("MODELS_FILE", {"MODELS_FILE": "/nowhere/models.toml"}),
        ("SITE_URL", {"SITE_URL": "https://easel.example.com/studio"}),
        ("HSTS_SUBDOMAINS", {"HSTS_SUBDOMAINS": "perhaps"}),
    ],
)
def test_the_start_stops_with_one_line(name: str, changes: dict[str, str], tmp_path: Path) -> None:
    done = started(tmp_path, changes)
    assert done.returncode == 1
    assert done.stdout == ""
    assert re.fullmatch(rf"easel: the variable {name} .*\n", done.stderr)


@pytest.mark.parametrize("broker", ["database", "redis"])
def test_it_starts_on_each_broker(broker: str, tmp_path: Path) -> None:
    done = started(tmp_path, {"BROKER": broker, "REDIS_URL": "redis://127.0.0.1:1/0"})
    assert done.returncode == 0, done.stderr


def started(data_dir: Path, changes: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    known = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env=known | {"DATA_DIR": str(data_dir)} | changes,
        capture_output=True,
        text=True,
        check=False,
    )
