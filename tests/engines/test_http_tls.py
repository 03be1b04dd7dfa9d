"""The network layer over TLS: names are verified although addresses are connected to."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from studio.engines.contract import Busy, Trouble
from studio.engines.http import read_capped, send
from studio.engines.transport import TimedTransport, deadline

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nbytes"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for the name localhost, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "localhost.pem"
    file.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return file


class TlsServer:
    """Answers one connection, a byte every `pause_seconds`."""

    def __init__(self, certificate: Path, pause_seconds: float = 0.0) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._pause_seconds = pause_seconds
        self._closing = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        self.port = self._listener.getsockname()[1]
        self.received = b""

    def _serve(self) -> None:
        plain, _ = self._listener.accept()
        try:
            with self._context.wrap_socket(plain, server_side=True) as connection:
                self.received = connection.recv(65536)
                for byte in ANSWER if self._pause_seconds else [ANSWER]:
                    self._closing.wait(self._pause_seconds)
                    connection.sendall(byte if isinstance(byte, bytes) else bytes([byte]))
        except OSError:  # the caller left: what these tests are about
            plain.close()

    def close(self) -> None:
        self._closing.set()
        self._thread.join()
        self._listener.close()


@pytest.fixture
def server(certificate: Path) -> Iterator[TlsServer]:
    with closing(TlsServer(certificate)) as started:
        yield started


@pytest.fixture
def transport(certificate: Path) -> Iterator[TimedTransport]:
    """Trusts that certificate, and nothing else."""
    with closing(TimedTransport(ssl_context=ssl.create_default_context(cafile=certificate))) as t:
        yield t


def get(transport: TimedTransport, url: str, *, seconds: float = 5.0) -> bytes:
    with deadline(seconds), send(transport, httpx.Request("GET", url)) as response:
        return read_capped(response, 1000)


def test_a_trusted_name_is_read_from(transport: TimedTransport, server: TlsServer):
    assert get(transport, f"https://localhost:{server.port}/") == b"bytes"


def test_an_untrusted_certificate_is_busy_and_nothing_was_sent(server: TlsServer):
    with closing(TimedTransport()) as usual, pytest.raises(Busy, match="CERTIFICATE_VERIFY_FAILED"):
        get(usual, f"https://localhost:{server.port}/")
    assert not server.received


def test_a_certificate_of_another_name_is_busy(transport: TimedTransport, server: TlsServer):
    with pytest.raises(Busy, match="not valid for"):
        get(transport, f"https://127.0.0.1:{server.port}/")
    assert not server.received


def test_drops_over_tls_end_at_the_deadline(transport: TimedTransport, certificate: Path):
    with closing(TlsServer(certificate, pause_seconds=0.1)) as slow:
        started = time.monotonic()
        with pytest.raises(Trouble, match="ReadTimeout"):
            get(transport, f"https://localhost:{slow.port}/", seconds=0.5)
        assert 0.5 <= time.monotonic() - started < 1.1
