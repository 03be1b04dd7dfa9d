"""`make cluster`: the production shape on this machine, on loopback alone, until Ctrl-C.

python -m tests.cluster [PORT]

What ends by itself is started again, as a server's systemd or Docker would. All that was made is
gone when it stops, but for the logs in DATA_DIR/cluster.
"""

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.product import Product
from tests.servers import Server
from tests.shapes import product_on, servers_of

LOOK_SECONDS = 0.5
_TOLD = ("DATABASE_URL", "REDIS_URL", "S3_", "AWS_", "SECRET_KEY", "SITE_URL", "TRUSTED_PROXY")


def main() -> None:
    port = int(sys.argv[1]) if sys.argv[1:] else 0
    data_dir = Path(os.environ.get("DATA_DIR") or "var").absolute()
    folder = data_dir / "cluster"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    own = {name: os.environ.get(name, "") for name in ("EMAIL_URL", "BROKER", "SECRET_KEY")}
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        say(f"Starting the production shape; its logs are in {folder}")
        with (
            servers_of("cluster", folder, port=port) as servers,
            product_on(
                servers,
                folder,
                ALLOWED_HOSTS="127.0.0.1,localhost",
                **{name: value for name, value in own.items() if value},
            ) as product,
            told(product, data_dir / ".env"),
        ):
            say(f"Easel is ready at {product.url} (Ctrl-C stops it)")
            while True:
                keep(product, servers)
                time.sleep(LOOK_SECONDS)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def keep(product: Product, servers: Mapping[str, Server]) -> None:
    for part, server in servers.items():
        if not server.is_alive():
            say(f"{part} has ended; it starts again")
            server.restart()
    for name, process in list(product.processes.items()):
        if process.poll() is not None:
            say(f"{name} has ended; it starts again")
            product.start(name)


@contextmanager
def told(product: Product, path: Path) -> Iterator[None]:
    """While it runs, `manage.py` with the same DATA_DIR works on the cluster.

    The file is in this process's memory: however that ends, its secrets do, too.
    """
    file = os.memfd_create("environment")
    lines = (f"{name}={value}\n" for name, value in product.environment.items() if _is_told(name))
    os.write(file, "".join(lines).encode())
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    new.symlink_to(f"/proc/{os.getpid()}/fd/{file}")
    new.replace(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(file)


def _is_told(name: str) -> bool:
    return name.startswith(_TOLD)


def say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
