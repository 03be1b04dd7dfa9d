"""The product in processes of its own, as `make run` starts it, for tests from outside."""

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import psycopg

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def until(
    condition: Callable[[], Any],
    what: str,
    seconds: float = PATIENCE_SECONDS,
    *,
    every: float = 0.02,
) -> Any:
    """The first true answer of `condition`, asked again and again for some seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = condition()
        if answer:
            return answer
        time.sleep(every)
    raise AssertionError(f"{what} did not happen within {seconds} s")


class Product:
    """Web and worker as own process groups; each can be killed and started again."""

    def __init__(self, data_dir: Path, **variables: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("PYTEST")
        } | {
            "DATA_DIR": str(data_dir),
            "SITE_URL": self.url,
            "ALLOWED_HOSTS": "127.0.0.1",
            "PORT": str(self.port),
            **variables,
        }
        self.data_dir = data_dir
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.people: list[Person] = []

    def __enter__(self) -> Self:
        self.manage("prepare")
        self.start("web")
        self.start("worker")
        self.wait_until_ready()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for person in self.people:
            person.close()
        for role in list(self.processes):
            self.stop(role)

    def start(self, role: str, *, port: int = 0) -> None:
        """Runs the line of the Procfile; with a port, one more of the role, named role:port."""
        line = re.search(rf"^{role}: (.+)$", (ROOT / "Procfile").read_text(), re.M)
        assert line
        name, variables = (f"{role}:{port}", {"PORT": str(port)}) if port else (role, {})
        with (self.data_dir / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                ["/bin/sh", "-c", line[1]],
                cwd=ROOT,
                env=self.environment | variables,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self, role: str) -> None:
        """As a power cut would: the whole group at once, nothing said before."""
        process = self.processes.pop(role)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self, role: str) -> bool:
        """Whether it ended by itself when it was told to."""
        process = self.processes.pop(role)
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return False
        return True

    def wait_until_ready(self) -> None:
        until(lambda: self.status("/readyz") == 200, "being ready")

    def status(self, path: str) -> int:
        try:
            return httpx.get(self.url + path, timeout=5).status_code
        except httpx.TransportError:
            return 0

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=2 * PATIENCE_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def log(self, role: str) -> str:
        return (self.data_dir / f"{role}.log").read_text()

    def query(self, sql: str) -> list[Any]:
        """Rows straight from the database."""
        if address := self.environment.get("DATABASE_URL"):
            with psycopg.connect(address, autocommit=True) as server:
                return server.execute(sql).fetchall()
        connection = sqlite3.connect(self.data_dir / "easel.sqlite3", timeout=20)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def sign_up(self, email: str = "ada@example.com") -> "Person":
        person = Person(self.url)
        self.people.append(person)
        person.post(
            "/accounts/signup/",
            data={"email": email, "password1": "a long enough phrase"},
        )
        return person


class Person(httpx.Client):
    """A browser without a screen: keeps cookies and sends the CSRF token."""

    def __init__(self, url: str) -> None:
        super().__init__(base_url=url, follow_redirects=True, timeout=30)
        self.get("/accounts/login/")

    def post(self, path: Any, **arguments: Any) -> httpx.Response:  # type: ignore[override]
        headers = {"X-CSRFToken": self.cookies["csrftoken"], "Referer": f"{self.base_url}"}
        return super().post(path, headers=headers | arguments.pop("headers", {}), **arguments)

    def create(self, prompt: str, photo: bytes = b"", **fields: Any) -> httpx.Response:
        return self.post(
            "/jobs/",
            data={"prompt": prompt, **fields},
            files={"photo": photo} if photo else None,
            headers={"HX-Request": "true"},
        )
