"""What is logged: one line an event, and never a prompt or a secret."""

import logging
import re
import traceback
from collections.abc import Iterator

from django.db.utils import Error

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


SETTINGS = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "filters": {"without_rows": {"()": WithoutRows}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["without_rows"],
        }
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": []},  # its own would mail requests, prompts and all
        "easel": {"level": "INFO"},
        "django-q": {"level": "WARNING"},
    },
}
