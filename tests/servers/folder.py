from pathlib import Path

from tests.servers.base import Server


class Folder(Server):
    """Files at `place`, on a disk that can be taken away: nothing there can be read or written."""

    variables: dict[str, str] = {}

    def __init__(self, place: Path) -> None:
        self.place = place

    def prepare(self) -> None:
        (self.home / "files").mkdir()
        (self.home / "no-folder").touch()

    def start(self) -> None:
        self._lead_to("files")

    def stop(self) -> None:
        self._lead_to("no-folder")

    def _lead_to(self, name: str) -> None:
        """At once: whoever looks finds the one or the other."""
        link = self.place.with_suffix(".new")
        link.symlink_to(self.home / name)
        link.replace(self.place)
