"""The product in processes of its own, as `make run` starts it, for tests from outside.

Or on several machines: process groups that share nothing but the servers they are told of.
"""

import os
import re
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
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
    """Web and worker as own process groups; each can be killed and started again.

    With `webs`, the ports of several, each of these and each of the workers is a machine: it is
    named web-1, worker-2 and so on, and has a folder of its own. SITE_URL leads to the webs then
    (`servers.Proxy`), and DATABASE_URL, S3_BUCKET and REDIS_URL to what they share.
    """

    def __init__(
        self, data_dir: Path, *, webs: Sequence[int] = (), workers: int = 2, **variables: str
    ) -> None:
        self.port = free_port()
        self.url = variables.get("SITE_URL") or f"http://127.0.0.1:{self.port}"
        self.ports = {f"web-{n}": port for n, port in enumerate(webs, 1)} or {"web": self.port}
        self.webs = list(self.ports)
        self.workers = [f"worker-{n + 1}" for n in range(workers)] if webs else ["worker"]
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("PYTEST")
        } | {
            "DATA_DIR": str(data_dir),
            "SITE_URL": self.url,
            "ALLOWED_HOSTS": "127.0.0.1",
            "PORT": str(self.port),
            **({"SECRET_KEY": secrets.token_urlsafe(48)} if webs else {}),
            **variables,
        }
        self.code = dict.fromkeys((*self.webs, *self.workers), ROOT)
        self.data_dir = data_dir
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.people: list[Person] = []

    def __enter__(self) -> Self:
        self.prepare(*self.webs)
        for name in (*self.webs, *self.workers):
            self.start(name)
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

    def prepare(self, *names: str) -> None:
        """Brings the database up to date, and on each of these machines the static files."""
        with ThreadPoolExecutor(len(names)) as at_once:
            list(at_once.map(lambda name: self.manage("prepare", name=name), names))

    def start(self, name: str, *, port: int = 0, line: str = "") -> None:
        """Runs the line of the Procfile, or another one; with a port, one more named role:port."""
        role, code = name.partition("-")[0], self.code[name]
        usual = re.search(rf"^{role}: (.+)$", (code / "Procfile").read_text(), re.M)
        assert usual
        variables = self._variables_of(name)
        if port:
            name, variables = f"{role}:{port}", variables | {"PORT": str(port)}
        with (self.data_dir / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                ["/bin/sh", "-c", line or usual[1]],
                cwd=code,
                env=variables,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _variables_of(self, name: str) -> dict[str, str]:
        variables = self.environment
        if name in self.ports:
            variables = variables | {"PORT": str(self.ports[name])}
        if "-" not in name:
            return variables
        folder = self.data_dir / name
        folder.mkdir(exist_ok=True)
        return variables | {"DATA_DIR": str(folder)}

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
        """Each of the webs, and the address that leads to them."""
        for url in (*(f"http://127.0.0.1:{port}" for port in self.ports.values()), self.url):
            until(lambda: self.status("/readyz", url) == 200, f"{url} being ready")  # noqa: B023

    def status(self, path: str, url: str = "") -> int:
        try:
            return httpx.get((url or self.url) + path, timeout=5).status_code
        except httpx.TransportError:
            return 0

    def manage(self, *arguments: str, name: str = "web") -> str:
        """On a machine of this name, if there are any."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=self.code.get(name, ROOT),
            env=self._variables_of(name),
            capture_output=True,
            text=True,
            timeout=4 * PATIENCE_SECONDS,  # many start at once
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
        with closing(self._file()) as connection:
            return connection.execute(sql).fetchall()

    def change(self, sql: str) -> None:
        """Rows, behind the product's back."""
        if address := self.environment.get("DATABASE_URL"):
            with psycopg.connect(address, autocommit=True) as server:
                server.execute(sql)
            return
        with closing(self._file()) as connection, connection:
            connection.execute(sql)

    def _file(self) -> sqlite3.Connection:
        return sqlite3.connect(self.data_dir / "easel.sqlite3", timeout=20)

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
