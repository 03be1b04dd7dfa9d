"""What reaches the log of an error that holds somebody's row."""

import logging
from collections.abc import Callable

import pytest
from django.db import IntegrityError
from django.test import Client

from studio import offers

ROW = "Failing row contains (7, a very secret prompt)"


class DriverError(Exception):
    sqlstate = "23514"


def refused() -> None:
    try:
        raise DriverError(ROW)
    except DriverError as error:
        raise IntegrityError(ROW) from error


def wrapped() -> None:
    try:
        refused()
    except IntegrityError as error:
        raise RuntimeError(f"could not be saved: {error}") from error


def hidden() -> None:
    try:
        refused()
    except IntegrityError as error:
        raise RuntimeError(str(error)) from None


def grouped() -> None:
    try:
        refused()
    except IntegrityError as error:
        raise ExceptionGroup(ROW, [error]) from None


def logged(record: logging.LogRecord) -> str:
    """The lines that the handler of the settings writes."""
    handler = next(each for each in logging.getLogger().handlers if each.name == "console")
    assert handler.filter(record)
    return handler.format(record)


def record_of(fail: Callable[[], None], caplog: pytest.LogCaptureFixture) -> logging.LogRecord:
    try:
        fail()
    except Exception as error:
        logging.getLogger("easel.test").exception("job=%s failed: %s", 7, error)
    return caplog.records[-1]


@pytest.mark.parametrize("fail", [refused, wrapped, hidden, grouped])
def test_no_row_is_logged(fail: Callable[[], None], caplog: pytest.LogCaptureFixture) -> None:
    lines = logged(record_of(fail, caplog))
    assert "secret" not in lines
    assert "job=7 failed" in lines
    assert "django.db.utils.IntegrityError" in lines
    assert "SQLSTATE 23514" in lines
    assert "in refused" in lines


def test_other_errors_are_logged_whole(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise ValueError("7 is no size")

    lines = logged(record_of(fail, caplog))
    assert "ValueError: 7 is no size" in lines
    assert "job=7 failed: 7 is no size" in lines


def test_a_page_that_fails_logs_no_row(
    as_ada: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(offers, "all_on", wrapped)
    as_ada.raise_request_exception = False
    assert as_ada.get("/").status_code == 500
    record = next(each for each in caplog.records if each.name == "django.request")
    assert "secret" not in logged(record)
    assert "in refused" in logged(record)


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/s/Cy4dKSfOXMxqL-nyO9uqyGZJGlu1PVOp/open", "/s/…/open"),
        ("/s/Cy4dKSfOXMxqL-nyO9uqyGZJGlu1PVOp", "/s/…"),
        ("/images/01a21905-a465-764f-883a-2b5c34acc94a/huge",) * 2,
        ("/static/css/composer.0123456789abcdef0123456789.css",) * 2,
    ],
)
def test_no_token_is_logged(
    client: Client, db: None, caplog: pytest.LogCaptureFixture, path: str, kept: str
) -> None:
    logging.getLogger("django.request").warning("%s: %s", "Not Found", path)
    assert logged(caplog.records[-1]).endswith(f" Not Found: {kept}")
