import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.chaos.roles import Killer
from tests.product import Product
from tests.servers import Server

_TABLES = {
    "studio_job": "created_at, id, state, attempt, faults, crashes, upstream_calls, error_code, "
    "image_id, claimed_by, started_at, not_before, lease_until, finished_at",
    "accounts_transfer": "created_at, reference, state, amount_micros",
    "gallery_pendingobject": "created_at, key, purpose, is_doomed",
    "studio_worker": "beat_at, identity",
}


class Evidence:
    """Keeps logs and tables in a folder if anything was found, or the run did not get through."""

    def __init__(
        self, name: str, product: Product, servers: dict[str, Server], killer: Killer
    ) -> None:
        self.found: list[str] = []
        self._name = name
        self._product = product
        self._servers = servers
        self._killer = killer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """What did not happen in time is a finding as well."""
        if isinstance(error, AssertionError):
            self.found.append(str(error))
        if error or self.found:
            self._keep(Path(tempfile.mkdtemp(prefix=f"easel-chaos-{self._name}-")))
        return isinstance(error, AssertionError)

    def _keep(self, place: Path) -> None:
        print(f"  logs and tables are kept in {place}", flush=True)
        for log in self._product.data_dir.glob("*.log"):
            shutil.copy(log, place)
        for part, server in self._servers.items():
            if server.log.is_file():
                shutil.copy(server.log, place / f"{part}.log")
        _write(place / "killed", self._killer.killed)
        _write(place / "found", ([sentence] for sentence in self.found))
        for table, columns in _TABLES.items():
            rows = self._product.query(f"SELECT {columns} FROM {table} ORDER BY 1, 2")
            _write(place / table, [columns.split(", "), *rows])


def _write(path: Path, rows: Any) -> None:
    path.write_text("".join("\t".join(map(str, row)) + "\n" for row in rows))
