"""Reads the environment. A wrong value stops the start with one line that names it."""

import contextlib
import os
import secrets
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import environ

_DATABASES = {"django.db.backends.sqlite3", "django.db.backends.postgresql"}


def read_file(path: Path) -> None:
    """Takes the variables of a .env file that are not set already."""
    if path.is_file():
        environ.Env.read_env(str(path))


def stop(name: str, why: str) -> NoReturn:
    raise SystemExit(f"easel: the variable {name} {why}")


def text(name: str, default: str = "") -> str:
    """As it stands there; a variable that is empty counts as not set."""
    return os.environ.get(name, "").strip() or default


def made_folder(name: str, default: Path) -> Path:
    """It is there afterwards, for us alone: a restore begins with nothing, and opens a database."""
    path = Path(text(name, str(default))).absolute()
    try:
        path.mkdir(0o700, parents=True, exist_ok=True)
    except OSError as error:
        stop(name, f"names a folder that cannot be made, {path}: {error.strerror}")
    return path


def key(name: str) -> str:
    """A key of some service, fit for a header. It is not repeated in the message."""
    value = text(name)
    if not (value.isascii() and value.isprintable()):
        stop(name, "holds characters that no key has")
    return value


def check_stripe(secret_key: str, webhook_secret: str) -> None:
    """Both or neither, and neither in the other's place."""
    if not (secret_key or webhook_secret):
        return
    if not secret_key.startswith(("sk_", "rk_")):
        stop("STRIPE_SECRET_KEY", "is no secret key of Stripe, which begins with sk_ or rk_")
    if not webhook_secret.startswith("whsec_"):
        stop("STRIPE_WEBHOOK_SECRET", "is no secret of a webhook endpoint; it begins with whsec_")


def flag(name: str, *, default: bool = False) -> bool:
    value = text(name).lower()
    if value in {"", "0", "false", "no", "off"}:
        return default if value == "" else False
    if value in {"1", "true", "yes", "on"}:
        return True
    stop(name, f"is {value!r}; use true or false")


def pem(name: str) -> str:
    """What stands in the file of this name: certificates or a key, in PEM. "" if not set."""
    path = text(name)
    if not path:
        return ""
    try:
        found = Path(path).read_text("ascii")
    except (OSError, UnicodeDecodeError):
        stop(name, "names no file in PEM that can be read")
    if "-----BEGIN " not in found:
        stop(name, "names a file that is not in PEM")
    return found


def folder(name: str, default: Path) -> Path:
    """What is in it, those look at who read it."""
    found = Path(text(name, str(default))).absolute()
    if not found.is_dir():
        stop(name, "names no folder")
    return found


def number(name: str, *, default: int, minimum: int = 0, maximum: int = 10**9) -> int:
    value = text(name, str(default))
    is_number = value.isascii() and value.isdigit() and len(value) <= 10
    if not (is_number and minimum <= int(value) <= maximum):
        stop(name, f"is {value!r}; use a whole number from {minimum} to {maximum}")
    return int(value)


def choice(
    name: str, *, default: str, among: Iterable[str], needs: Mapping[str, str] | None = None
) -> str:
    """`needs`: the variable that has to be set too, by the choice that needs it."""
    value = text(name) or default
    if value not in among:
        stop(name, f"is {value!r}; use one of {', '.join(among)}")
    needed = (needs or {}).get(value)
    if needed and not text(needed):
        stop(needed, f"is not set, and {name}={value} needs it")
    return value


def names(name: str) -> list[str]:
    """A list with commas between its items."""
    return [item.strip() for item in text(name).split(",") if item.strip()]


def address(name: str, default: str = "", *, schemes: tuple[str, ...] = ("http", "https")) -> str:
    """An address without a slash at its end.

    It is not repeated in the message, since it may hold a password.
    """
    value = text(name, default)
    if value and not _is_address(value, schemes):
        stop(name, f"is no address like {schemes[-1]}://easel.example.com")
    return value.rstrip("/")


def origin(name: str, default: str = "") -> str:
    """The address of a whole site: scheme, host and port alone; or none."""
    value = address(name, default)
    parts = urlsplit(value)
    if (value and value != f"{parts.scheme}://{parts.netloc}") or "@" in parts.netloc:
        stop(name, "holds more than scheme, host and port, as in https://easel.example.com:8443")
    return value


def _is_address(value: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def parsed(name: str, kind: str, default: str) -> dict[str, Any]:
    """What django-environ makes of an address of `kind`: "db_url", "email_url".

    The value is not repeated in the message, since it may hold a password.
    """
    value = text(name, default)
    if "://" not in value:
        stop(name, "cannot be understood as an address")
    try:
        found: dict[str, Any] = getattr(environ.Env, f"{kind}_config")(value)
    except (ValueError, KeyError, environ.ImproperlyConfigured):
        stop(name, "cannot be understood as an address")
    if kind == "db_url" and found.get("ENGINE") not in _DATABASES:
        stop(name, "names no database that is known; use postgres:// or sqlite:///")
    return {key: value for key, value in found.items() if value is not None}


def database(name: str, default: str) -> dict[str, Any]:
    found = parsed(name, "db_url", default)
    if found["ENGINE"] == "django.db.backends.sqlite3":
        # IMMEDIATE: a transaction that will write never finds that it read stale rows.
        # FULL: what was committed survives a power cut; this file keeps money. Of transactions
        # `config.sqlite` sees to it.
        # A cache of 256 kB, not 2 MB, for each of a worker's many connections: the system
        # caches the file anyway.
        options: dict[str, Any] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-256;"
            ),
        }
        return found | {
            "ENGINE": "config.sqlite",
            "CONN_MAX_AGE": None,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": options,
        }
    options = found.get("OPTIONS", {}) | {"pool": {"min_size": 1, "max_size": 16, "timeout": 20}}
    # An age of 0 gives a connection back to the pool after each request.
    return found | {"CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True, "OPTIONS": options}


def cache(redis_url: str) -> dict[str, Any]:
    """Redis where there is one, else a table of the database."""
    if redis_url:
        return {"BACKEND": "config.caches.CountingRedisCache", "LOCATION": redis_url}
    return {
        "BACKEND": "config.caches.CountingDatabaseCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }


def kept_secret(name: str, path: Path) -> str:
    """The variable, or else a secret that is made once and kept in `path`."""
    value = text(name)
    if value:
        return value
    try:
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            _keep_once(secrets.token_urlsafe(48), path)
        return path.read_text().strip()
    except OSError as error:
        stop(name, f"is not set, and none can be kept in {path}: {error.strerror}")


def _keep_once(secret: str, path: Path) -> None:
    """Another process never sees half of it, and the first to come decides."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=".") as file:
        file.write(secret)
        file.flush()
        with contextlib.suppress(FileExistsError):
            os.link(file.name, path)


def file_storage(folder: Path) -> dict[str, object]:
    """Files under exactly the names that they are given: another would be known to nobody."""
    return {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": folder, "allow_overwrite": True},
    }


def s3_storage(bucket: str, endpoint: str, public_endpoint: str) -> dict[str, object]:
    """S3 as Django's storages take it: bounded in time, and as every server understands.

    No ACL is named: a bucket of AWS has none any more, and what it is given is private. Names are
    not asked for whether they are free: decision 0020.
    """
    from boto3.s3.transfer import TransferConfig  # noqa: PLC0415 - loaded only where it is used
    from botocore.config import Config  # noqa: PLC0415

    client = Config(
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        connect_timeout=3,
        read_timeout=20,
        retries={"total_max_attempts": 3},
        max_pool_connections=64,
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    megabytes = 1024 * 1024
    options = {
        "bucket_name": bucket,
        "endpoint_url": endpoint or None,
        "public_endpoint_url": public_endpoint or None,
        "file_overwrite": True,
        "client_config": client,
        "transfer_config": TransferConfig(
            multipart_threshold=16 * megabytes, multipart_chunksize=8 * megabytes, use_threads=False
        ),
    }
    return {"BACKEND": "gallery.bucket.PrivateBucket", "OPTIONS": options}
