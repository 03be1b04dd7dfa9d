import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

FORMAT = 1
_COLUMNS = ("key", "size_bytes", "sha256")


class BackupError(Exception):
    pass


class Entry(NamedTuple):
    """Of an object, in the manifest."""

    key: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class Folder:
    path: Path

    @property
    def about(self) -> Path:
        return self.path / "backup.json"

    @property
    def manifest(self) -> Path:
        return self.path / "objects.csv"

    def database(self, vendor: str) -> Path:
        return self.path / ("database.sqlite3" if vendor == "sqlite" else "database.dump")

    def object(self, key: str) -> Path:
        """Raises BackupError for a key that would lead out of the folder."""
        name = PurePosixPath(key)
        if name.is_absolute() or ".." in name.parts or str(name) != key:
            raise BackupError(f"an object is named {key!r}, which is no name of ours")
        return self.path / "objects" / name

    def read(self) -> dict[str, Any]:
        """What `finish` wrote. Raises BackupError."""
        try:
            told: dict[str, Any] = json.loads(self.about.read_text())
        except (OSError, ValueError) as error:
            raise BackupError(f"{self.path} holds no whole backup") from error
        if told.get("format") != FORMAT:
            raise BackupError(f"{self.path} was made by another version of Easel")
        return told

    def finish(self, **told: Any) -> None:
        new = self.about.with_suffix(".new")
        new.write_text(json.dumps({"format": FORMAT, **told}, indent=2) + "\n")
        new.replace(self.about)

    def entries(self) -> Iterator[Entry]:
        with self.manifest.open(newline="") as file:
            rows = csv.reader(file)
            next(rows, None)
            for key, size_bytes, sha256 in rows:
                yield Entry(key, int(size_bytes), sha256)

    def write_entries(self, entries: Iterator[Entry]) -> tuple[int, int]:
        """How many there were, and their bytes."""
        count = size_bytes = 0
        with self.manifest.open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(_COLUMNS)
            for entry in entries:
                rows.writerow(entry)
                count, size_bytes = count + 1, size_bytes + entry.size_bytes
        return count, size_bytes
