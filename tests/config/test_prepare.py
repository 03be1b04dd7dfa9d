"""A web and a worker of one machine that start at once, as `deploy/start` starts them."""

import fcntl
import threading
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

WAITS_SECONDS = 0.3


def test_one_at_a_time_prepares_a_machine(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATA_DIR, done = tmp_path, list[str]()
    monkeypatch.setattr(
        "config.management.commands.prepare.call_command", lambda name, **_: done.append(name)
    )
    monkeypatch.setattr("config.management.commands.prepare.connection.vendor", "sqlite")
    second = threading.Thread(target=call_command, args=("prepare",), daemon=True)
    with (tmp_path / "prepare.lock").open("w") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        second.start()
        second.join(WAITS_SECONDS)
        assert (second.is_alive(), done) == (True, [])
    second.join(20)
    assert done == ["migrate", "createcachetable", "collectstatic"]
