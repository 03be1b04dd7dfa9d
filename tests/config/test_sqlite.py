import threading
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path

import pytest
from django.db import OperationalError

from config import environment
from config.sqlite import base
from config.sqlite.base import DatabaseWrapper
from tests.product import until

pytestmark = pytest.mark.django_db
PATIENCE_SECONDS = 5.0


@pytest.fixture
def connect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], object]]:
    monkeypatch.setattr(base, "_line", base.Line())
    monkeypatch.setenv("EASEL_TEST", "")
    found = environment.database("EASEL_TEST", f"sqlite:///{tmp_path / 'line.sqlite3'}")
    made: list[DatabaseWrapper] = []

    def connect() -> DatabaseWrapper:
        defaults = {"AUTOCOMMIT": True, "TIME_ZONE": None, "ATOMIC_REQUESTS": False, "TEST": {}}
        made.append(DatabaseWrapper(defaults | deepcopy(found), alias="line"))
        made[-1].inc_thread_sharing()
        return made[-1]

    yield connect
    for each in made:
        each.close()


def begin(connection: DatabaseWrapper) -> None:
    connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)


@pytest.mark.parametrize("end", ["commit", "rollback", "close"])
def test_the_next_in_line_begins_when_the_one_before_ends(
    connect: Callable[[], DatabaseWrapper], end: str
) -> None:
    first, second = connect(), connect()
    second.connect()
    begin(first)
    waiting = threading.Thread(target=begin, args=(second,), daemon=True)
    waiting.start()
    waiting.join(0.05)
    assert waiting.is_alive()
    assert first._log is not None
    getattr(first, end)()
    waiting.join(PATIENCE_SECONDS)
    assert not waiting.is_alive()
    assert first._log is None
    assert base._line.lock.locked()
    second.rollback()
    assert not base._line.lock.locked()


def test_in_line_sqlite_is_not_asked(connect: Callable[[], DatabaseWrapper]) -> None:
    """Its own waiting would sleep, in steps of up to 100 ms, while others pass."""
    first, second = connect(), connect()
    second.connect()
    begin(first)
    asked: list[str] = []
    second.connection.set_trace_callback(asked.append)
    waiting = threading.Thread(target=begin, args=(second,), daemon=True)
    waiting.start()
    waiting.join(0.05)
    assert not asked
    first.commit()
    until(lambda: "BEGIN IMMEDIATE" in asked, "the second begins", PATIENCE_SECONDS)
    waiting.join(PATIENCE_SECONDS)


def test_who_cannot_begin_leaves_the_line(connect: Callable[[], DatabaseWrapper]) -> None:
    first, other_process = connect(), connect()
    other_process.connect()
    other_process.connection.execute("BEGIN IMMEDIATE")
    first.connect()
    first.settings_dict["OPTIONS"]["timeout"] = 0.05
    with pytest.raises(OperationalError):
        begin(first)
    assert not base._line.lock.locked()
    assert first.connection.execute("PRAGMA busy_timeout").fetchone() == (50,)
    assert first.connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_who_waits_for_another_process_begins_as_soon_as_it_may(
    connect: Callable[[], DatabaseWrapper],
) -> None:
    """SQLite's own waiting would look again after 1, 2, 5, 10, 15 ms and so on."""
    first, other_process = connect(), connect()
    first.connect()
    other_process.connect()
    other_process.connection.execute("BEGIN IMMEDIATE")
    asked: list[str] = []
    first.connection.set_trace_callback(asked.append)
    waiting = threading.Thread(target=begin, args=(first,), daemon=True)
    waiting.start()
    until(lambda: asked.count("BEGIN IMMEDIATE") > 50, "it asks often", PATIENCE_SECONDS)
    other_process.connection.execute("COMMIT")
    waiting.join(PATIENCE_SECONDS)
    assert not waiting.is_alive()
    first.rollback()


def test_outside_of_transactions_sqlite_waits_by_itself(
    connect: Callable[[], DatabaseWrapper],
) -> None:
    first = connect()
    first.connect()
    begin(first)
    first.rollback()
    assert first.connection.execute("PRAGMA busy_timeout").fetchone() == (20_000,)


@pytest.mark.parametrize("end", ["commit", "rollback"])
@pytest.mark.parametrize("waits", [True, False])
def test_a_transaction_waits_for_the_disk_when_its_turn_is_over(
    connect: Callable[[], DatabaseWrapper], monkeypatch: pytest.MonkeyPatch, waits: bool, end: str
) -> None:
    """A rollback too: others may have committed what it read."""
    synced: list[tuple[str, bool]] = []

    def fdatasync(file: int) -> None:
        name = Path(f"/proc/self/fd/{file}").readlink().name
        synced.append((name, base._line.lock.locked()))

    monkeypatch.setattr(base.os, "fdatasync", fdatasync)
    first = connect()
    first.connect()
    first.waits_for_disk = waits
    begin(first)
    first.connection.execute("CREATE TABLE kept (id)")
    assert first.connection.execute("PRAGMA synchronous").fetchone() == (1,)
    assert not synced
    getattr(first, end)()
    assert synced == [("line.sqlite3-wal", False)] * waits


def test_the_log_is_found_where_the_database_is_and_not_its_link(
    connect: Callable[[], DatabaseWrapper], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(base.os, "fdatasync", synced.append)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "line.sqlite3").symlink_to(tmp_path / "elsewhere" / "real.sqlite3")
    first = connect()
    first.connect()
    begin(first)
    first.commit()
    assert len(synced) == 1


def test_a_disk_that_fails_is_told(
    connect: Callable[[], DatabaseWrapper], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise OSError(5, "Input/output error")

    first = connect()
    first.connect()
    with monkeypatch.context() as at_commit:
        begin(first)
        at_commit.setattr(base.os, "fdatasync", fails)
        with pytest.raises(OperationalError, match="not known"):
            first.commit()
    first.set_autocommit(True)
    with monkeypatch.context() as at_begin:
        at_begin.setattr(base.os, "open", fails)
        with pytest.raises(OperationalError, match="cannot be opened"):
            begin(first)
    assert not first.connection.in_transaction
    assert not base._line.lock.locked()


@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_what_is_no_transaction_waits_for_the_disk_by_itself(
    connect: Callable[[], DatabaseWrapper], end: str
) -> None:
    first = connect()
    first.connect()
    begin(first)
    getattr(first, end)()
    assert first.connection.execute("PRAGMA synchronous").fetchone() == (2,)


@pytest.mark.parametrize(("pause", "breaks"), [(0.0005, 4), (0.01, 0)])
def test_a_line_that_never_ends_leaves_the_database_now_and_then(
    monkeypatch: pytest.MonkeyPatch, pause: float, breaks: int
) -> None:
    clock, slept = [0.0], []
    monkeypatch.setattr(base.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(base.time, "sleep", slept.append)
    line = base.Line()
    for _ in range(100):
        clock[0] += pause
        assert line.enter(1)
        line.leave_to_others()
        clock[0] += 0.0005
        line.leave()
    assert len(slept) == breaks


def test_a_closed_connection_serves_the_next_who_asks(
    connect: Callable[[], DatabaseWrapper],
) -> None:
    first, second = connect(), connect()
    first.connect()
    kept = first.connection
    first.close()
    second.connect()
    assert second.connection is kept
    assert second.connection.execute("PRAGMA foreign_keys").fetchone() == (1,)


def test_one_that_is_amid_a_transaction_or_failed_serves_nobody(
    connect: Callable[[], DatabaseWrapper],
) -> None:
    first, second, third = connect(), connect(), connect()
    first.connect()
    begin(first)
    first.close()
    second.connect()
    assert not second.connection.in_transaction
    second.errors_occurred = True
    failed = second.connection
    second.close()
    third.connect()
    assert third.connection is not failed


def test_a_pool_that_is_closed_keeps_nothing(connect: Callable[[], DatabaseWrapper]) -> None:
    first, second = connect(), connect()
    first.connect()
    kept = first.connection
    first.close()
    first.close_pool()
    second.connect()
    assert second.connection is not kept


def test_a_fork_takes_no_connection_of_its_parent(connect: Callable[[], DatabaseWrapper]) -> None:
    first, second = connect(), connect()
    first.connect()
    kept = first.connection
    first.close()
    base._begin_anew()
    second.connect()
    assert second.connection is not kept
