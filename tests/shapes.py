"""The shapes of an installation: what it stands on, and the product on top of that.

    with servers_of("cluster", folder) as servers, product_on(servers, folder) as product:

The cluster is the production shape: two web machines behind one address, two worker machines.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.product import Product
from tests.servers import S3, Folder, PostgreSQL, Proxy, Redis, Server

SHAPES = ("sqlite", "postgresql", "redis", "cluster")
# For fixtures: a cluster takes half a minute to start, and more where others work
ON_CLUSTER = [pytest.mark.cluster, pytest.mark.timeout(400)]
BOTH = ["embedded", pytest.param("cluster", marks=ON_CLUSTER)]
MORE = ["embedded", pytest.param("cluster", marks=[pytest.mark.long, *ON_CLUSTER])]
CONNECTIONS = 250  # docs/operations.md says what a machine wants
_NOTHING = dict.fromkeys(("DATABASE_URL", "REDIS_URL", "BROKER", "S3_BUCKET", "EMAIL_URL"), "")


@contextmanager
def servers_of(shape: str, data_dir: Path, *, port: int = 0) -> Iterator[dict[str, Server]]:
    """By the part that each plays. All of them run; the cluster's address has the port."""
    servers: dict[str, Server] = {"storage": Folder(data_dir / "media")}
    if shape != "sqlite":
        servers = {"PostgreSQL": PostgreSQL(), "storage": S3()}
    if shape in {"redis", "cluster"}:
        servers["Redis"] = Redis()
    if shape == "cluster":
        servers |= {"PostgreSQL": PostgreSQL(CONNECTIONS), "proxy": Proxy(port=port)}
    with ExitStack() as stack:
        yield {part: stack.enter_context(server) for part, server in servers.items()}


def product_on(servers: Mapping[str, Server], folder: Path, **variables: str) -> Product:
    """To be entered. None of the outside's servers remains; what is given counts most."""
    proxy = servers.get("proxy")
    is_broker = "Redis" in servers and proxy is None
    found = _NOTHING | {"BROKER": "redis" if is_broker else "database"}
    for server in servers.values():
        found |= server.variables
    webs = proxy.webs if isinstance(proxy, Proxy) else ()
    return Product(folder, webs=webs, **found | variables)


@contextmanager
def running(shape: str, folder: Path, **variables: str) -> Iterator[Product]:
    """In a shape, or as `make run` has it where the suite runs ("embedded")."""
    if shape == "embedded":
        with Product(folder, **variables) as product:
            yield product
        return
    with servers_of(shape, folder) as servers, product_on(servers, folder, **variables) as product:
        yield product
