import socket
import sys
from pathlib import Path

from tests.product import ROOT, until
from tests.servers.base import START_SECONDS, Program, free_ports, run


class Proxy(Program):
    """One address before several web processes, as deploy/Caddyfile has it."""

    def __init__(self, webs: int = 2, port: int = 0) -> None:
        self.webs = free_ports(webs)
        self.port = port or free_ports(1)[0]

    def prepare(self) -> None:
        self.variables = {
            "SITE_URL": f"http://127.0.0.1:{self.port}",
            "TRUSTED_PROXY_COUNT": "1",
        }

    def start(self) -> None:
        self._process = run(
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
