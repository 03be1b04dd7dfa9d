"""Reads the environment. A wrong value stops the start with one line that names it."""

import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import environ

_env = environ.Env()


def read_file(path: Path) -> None:
    """Takes the variables of a .env file that are not set already."""
    if path.is_file():
        _env.read_env(str(path))


def stop(name: str, why: str) -> NoReturn:
    raise SystemExit(f"easel: the variable {name} {why}")


def text(name: str, default: str = "") -> str:
    return str(_env.str(name, default=default)).strip()


def flag(name: str, *, default: bool = False) -> bool:
    value = text(name).lower()
    if value in {"", "0", "false", "no", "off"}:
        return default if value == "" else False
    if value in {"1", "true", "yes", "on"}:
        return True
    stop(name, f"is {value!r}; use true or false")


def number(name: str, *, default: int, minimum: int = 0, maximum: int = 10**9) -> int:
    value = text(name, str(default))
    if not (value.isascii() and value.isdigit() and minimum <= int(value) <= maximum):
        stop(name, f"is {value!r}; use a whole number from {minimum} to {maximum}")
    return int(value)


def choice(name: str, *, default: str, among: Iterable[str]) -> str:
    value = text(name) or default
    if value not in among:
        stop(name, f"is {value!r}; use one of {', '.join(among)}")
    return value


def names(name: str) -> list[str]:
    """A list with commas between its items."""
    return [item.strip() for item in text(name).split(",") if item.strip()]


def address(name: str, default: str = "") -> str:
    """An http or https address without a slash at its end."""
    value = text(name) or default
    parts = urlsplit(value)
    if value and not (parts.scheme in {"http", "https"} and parts.hostname):
        stop(name, f"is {value!r}; use an address like https://easel.example.com")
    return value.rstrip("/")


def parsed(name: str, kind: str, default: str) -> dict[str, object]:
    """What django-environ makes of an address of `kind`: "db_url", "email_url"."""
    try:
        found: dict[str, object] = getattr(_env, kind)(name, default=default)
    except (ValueError, KeyError, environ.ImproperlyConfigured):
        stop(name, "cannot be understood as an address")
    return found


def kept_secret(name: str, path: Path) -> str:
    """The variable, or else a secret that is made once and kept in `path`."""
    value = text(name)
    if value:
        return value
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "x", opener=_private) as file:
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    except OSError as error:
        stop(name, f"is not set, and none can be kept in {path}: {error.strerror}")
    return path.read_text().strip()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
