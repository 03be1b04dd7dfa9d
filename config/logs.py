"""What is logged: one line an event, and never a prompt or a secret."""

import json
import logging
import re
import traceback
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from django.db.utils import Error

# The name of the request that this thread answers
request_id: ContextVar[str] = ContextVar("request_id", default="")

# A part of a path that is as long as a token, and no UUID
_TOKEN = re.compile(r"(?<=/)(?![0-9a-f-]{36}(?:[/?]|$))[\w-]{24,}(?=[/?]|$)")


class WithoutRows(logging.Filter):
    """Keeps what a database says out of the log, and the tokens of links that open something.

    PostgreSQL names the failing row in its errors, prompt and all. Of a chain of errors
    with one of the database in it, types, SQLSTATEs and places are logged, and no message.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if error and _is_of_database(error):
            record.exc_text = "\n".join(_places(error))
        if isinstance(record.args, tuple):
            record.args = tuple(_safe(arg) for arg in record.args)
        return True


def _safe(value: object) -> object:
    if isinstance(value, str) and value.startswith("/"):
        return _TOKEN.sub("…", value)
    is_telling = isinstance(value, BaseException) and _is_of_database(value)
    return _name(value) if is_telling else value


def _is_of_database(error: BaseException) -> bool:
    return any(isinstance(each, Error) for each in _chain(error))


def _chain(error: BaseException) -> list[BaseException]:
    """The error, its causes and what was being handled, each once; the latest first."""
    found: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is not None and all(each is not known for known in found):
            found.append(each)
            waiting += (each.__context__, each.__cause__)
            waiting += each.exceptions if isinstance(each, BaseExceptionGroup) else ()
    return found


def _places(error: BaseException) -> Iterator[str]:
    for each in reversed(_chain(error)):
        yield "Traceback (most recent call last):"
        yield "".join(traceback.format_tb(each.__traceback__)).rstrip("\n")
        yield _name(each)


def _name(error: object) -> str:
    kind = type(error)
    state = getattr(error, "sqlstate", None)
    return f"{kind.__module__}.{kind.__qualname__}" + (f" (SQLSTATE {state})" if state else "")


class InContext(logging.Filter):
    """Puts the request and the job that a line belongs to on its record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True


_PAIR = re.compile(r"\b([a-z_]+)=(\S+)")


class LineFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        named = getattr(record, "request_id", "")
        line = super().format(record)
        first, newline, rest = line.partition("\n")
        return f"{first} request={named}{newline}{rest}" if named else line


class JsonFormatter(logging.Formatter):
    """One object a line. What a message says as `name=value` is a name of the object too."""

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        found = dict(_PAIR.findall(message)) if record.name.startswith("easel") else {}
        found |= {"time": at, "level": record.levelname, "logger": record.name}
        found |= {"message": message}
        if named := getattr(record, "request_id", ""):
            found["request"] = named
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        if record.exc_text:
            found["error"] = record.exc_text
        return json.dumps(found, ensure_ascii=False)


def settings(form: str) -> dict[str, Any]:
    """`form`: "line" or "json"."""
    return SETTINGS | {
        "handlers": {"console": SETTINGS["handlers"]["console"] | {"formatter": form}}
    }


SETTINGS: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": LineFormatter, "format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
        "json": {"()": JsonFormatter},
    },
    "filters": {"without_rows": {"()": WithoutRows}, "in_context": {"()": InContext}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["without_rows", "in_context"],
        }
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": []},  # its own would mail requests, prompts and all
        "easel": {"level": "INFO"},
        "django-q": {"level": "WARNING"},
    },
}
