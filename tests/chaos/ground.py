"""The shapes of an installation: what it stands on, and the settings that say so."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.servers import S3, Folder, PostgreSQL, Redis, Server

SHAPES = ("sqlite", "postgresql", "redis")
_NOTHING = dict.fromkeys(("DATABASE_URL", "REDIS_URL", "BROKER", "S3_BUCKET", "EMAIL_URL"), "")


@contextmanager
def ground(shape: str, data_dir: Path) -> Iterator[dict[str, Server]]:
    """The servers of the shape, by the part that each plays. All of them run."""
    servers: dict[str, Server] = {"storage": Folder(data_dir / "media")}
    if shape != "sqlite":
        servers = {"PostgreSQL": PostgreSQL(), "storage": S3()}
    if shape == "redis":
        servers["Redis"] = Redis()
    with ExitStack() as stack:
        yield {part: stack.enter_context(server) for part, server in servers.items()}


def variables(servers: dict[str, Server]) -> dict[str, str]:
    """None of the outside remains."""
    found = _NOTHING | {"BROKER": "redis" if "Redis" in servers else "database"}
    for server in servers.values():
        found |= server.variables
    return found
