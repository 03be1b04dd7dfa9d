"""What the strict servers share: HTTP, pictures, and faults on request.

Images are really made, of the right size. As a program one is controlled over HTTP:

    POST /_faults   ["503", "hang"]      one for each of the next image calls
                    {"always": "503"}    for every call, after the queue; {"always": null} ends it
                    {"expire_files": true}
    GET  /_calls    counts, and the fields of the last calls without the images
    GET  /_faults   the names of all faults

A refused request (wrong key, wrong field) consumes no fault.
"""

import base64
import colorsys
import hashlib
import io
import json
import random
import select
import socket
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit

from PIL import Image, ImageOps

from tests.engines.strict_faults import FAULTS, MEGABYTE, json_bytes
from tests.engines.strict_rules import No, Wanted, multipart

MAX_BODY_BYTES = 40 * MEGABYTE
OPERATIONS = {"/v1/images/generations": "generate", "/v1/images/edits": "edit"}


@dataclass
class Received:
    """One call as it came. `fields` are JSON's values, or a form's texts."""

    path: str
    headers: dict[str, str]
    fields: dict[str, Any] = field(default_factory=dict)
    images: list[bytes] = field(default_factory=list, repr=False)
    image_bytes: list[int] = field(default_factory=list)
    status: int | None = None
    fault: str | None = None

    def summary(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "fields": self.fields,
            "image_bytes": self.image_bytes,
            "status": self.status,
            "fault": self.fault,
        }


class Strict:
    """What one kind of server takes and how it answers is said by those that inherit.

    `images_made` counts successes, delivered or not: what the vendor would bill. An empty
    `key` stands for a server that wants none, and refuses any.
    """

    trace_header = "X-Trace-Id"
    operations = OPERATIONS
    tells_seed = True
    image_parts: tuple[str, ...] = ("image",)

    def check(self, operation: str, fields: dict[str, Any], upload: bytes | None) -> Wanted:
        """`fields` as JSON gives them; those of a form have been through `from_form`."""
        raise NotImplementedError

    def from_form(self, texts: dict[str, str]) -> dict[str, Any]:
        """A form's texts as the values that JSON would have had."""
        raise NotImplementedError

    def complaint(self, kind: str, message: str) -> object:
        """The body of an error."""
        raise NotImplementedError

    def __init__(
        self,
        *,
        port: int = 0,
        key: str = "strict-key",
        delay_seconds: float = 0.0,
        late_seconds: float = 5.0,
        keeps_images: bool = True,
    ) -> None:
        self.key = key
        self.keeps_images = keeps_images
        self.delay_seconds = delay_seconds
        self.late_seconds = late_seconds
        self.account: object | None = {"object": "account", "type": "prepaid", "balance": 12.5}
        self.requests: deque[Received] = deque(maxlen=1000)
        self.file_requests: deque[Received] = deque(maxlen=1000)
        self.counts: Counter[str] = Counter()
        self.faults: deque[str] = deque()
        self.always: str | None = None
        self.images_made = 0
        self.files: dict[str, bytes | None] = {}
        self.lock = threading.Lock()
        self.closing = threading.Event()
        self._server = _Server(("127.0.0.1", port), self)
        self.port: int = self._server.server_address[1]
        self.base_url = f"http://127.0.0.1:{self.port}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends every hang, and returns when all threads have ended."""
        self.closing.set()
        self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()
        self._thread.join()

    def expire_files(self) -> None:
        with self.lock:
            self.files = dict.fromkeys(self.files)

    def next_fault(self) -> str | None:
        with self.lock:
            return self.faults.popleft() if self.faults else self.always


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], strict: Strict) -> None:
        self.strict = strict
        self._open: set[socket.socket] = set()
        super().__init__(address, Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self.strict.lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self.strict.lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        with self.strict.lock:
            for open_socket in self._open:
                try:
                    open_socket.shutdown(socket.SHUT_RDWR)
                except OSError:  # the other side was first
                    continue

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """Clients that leave early are what many tests are about."""
        if not self.strict.closing.is_set():
            self.strict.counts["broken_connections"] += 1


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server
    received: Received

    @property
    def strict(self) -> Strict:
        return self.server.strict

    @property
    def own(self) -> str:
        """This server as the caller calls it."""
        return f"http://{self.headers['host']}"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""

    # Routes

    def do_POST(self) -> None:
        body = self._body()
        if self.path == "/_faults":
            self._script(json.loads(body))
            return
        self.received = Received(self.path, {k.lower(): v for k, v in self.headers.items()})
        self.strict.requests.append(self.received)
        try:
            wanted = self._checked(body)
        except No as no:
            self.strict.counts["refused"] += 1
            self.refuse(no.status, no.kind, no.message)
            return
        self.strict.counts[wanted.operation] += 1
        name = self.received.fault = self.strict.next_fault()
        if name:
            FAULTS[name](self, wanted)
        else:
            self.pause(self.strict.delay_seconds)
            self.succeed(wanted)

    def do_GET(self) -> None:
        kind, _, rest = urlsplit(self.path).path.removeprefix("/").partition("/")
        routes = {
            "_calls": self._get_calls,
            "_faults": lambda _: self.answer(200, json_bytes(sorted(FAULTS))),
            "v1": self._get_account,
            "files": self._get_file,
            "slow": lambda name: self.drip(200, "image/png", self.strict.files[name] or b""),
            "hang": lambda _: self.hang(),
            "hop": self._get_hop,
            "private": self._get_private,
            "text": lambda _: self.answer(200, b"no image", "image/png"),
            "huge": self._get_huge,
        }
        self.received = Received(self.path, {k.lower(): v for k, v in self.headers.items()})
        if not kind.startswith("_"):
            self.strict.file_requests.append(self.received)
        if kind in routes:
            routes[kind](rest)
        else:
            self.refuse(404, "not_found", "no such path")

    def _get_account(self, rest: str) -> None:
        """As https://platform.stepfun.ai/docs/en/api-reference/accounts/get has it."""
        if rest != "accounts" or self.strict.account is None:
            return self.refuse(404, "not_found", "no such path")
        return self.answer(200, json_bytes(self.strict.account))

    def _script(self, orders: Any) -> None:
        orders = {"next": orders} if isinstance(orders, list) else orders
        named = [*orders.get("next", []), *filter(None, [orders.get("always")])]
        if unknown := [name for name in named if name not in FAULTS]:
            self.refuse(400, "unknown_fault", f"unknown faults: {unknown}")
            return
        self.strict.faults.extend(orders.get("next", []))
        if "always" in orders:
            self.strict.always = orders["always"]
        if orders.get("expire_files"):
            self.strict.expire_files()
        self.answer(200, json_bytes({"next": [*self.strict.faults], "always": self.strict.always}))

    def _get_calls(self, _rest: str) -> None:
        last = [received.summary() for received in [*self.strict.requests][-50:]]
        made = self.strict.images_made
        counts = dict(self.strict.counts)
        self.answer(200, json_bytes({"counts": counts, "images_made": made, "calls": last}))

    def _get_file(self, name: str) -> None:
        data = self.strict.files.get(name)
        if data is None:
            self.refuse(404, "not_found", "the file has expired")
        else:
            self.strict.counts["files"] += 1
            self.answer(200, data, "image/png")

    def _get_hop(self, rest: str) -> None:
        left, name = rest.split("/")
        where = f"/hop/{int(left) - 1}/{name}" if int(left) > 1 else f"/files/{name}"
        self.answer(302, b"", headers={"Location": where})

    def _get_private(self, name: str) -> None:
        """To the same file under another name of this machine, where it can really be had."""
        asked = self.headers["host"].partition(":")[0]
        other = "127.0.0.1" if asked == "localhost" else "localhost"
        where = f"http://{other}:{self.strict.port}/files/{name}"
        self.answer(302, b"", headers={"Location": where})

    def _get_huge(self, _name: str) -> None:
        self.begin(200, "image/png", None)
        for _ in range(1024):
            self.chunk(b"\x89PNG\r\n\x1a\n" * (MEGABYTE // 8))
        self.chunk(b"")

    # Reading

    def _body(self) -> bytes:
        length = int(self.headers.get("content-length") or 0)
        return self.rfile.read(min(length, MAX_BODY_BYTES))

    def _checked(self, body: bytes) -> Wanted:
        key = self.strict.key
        if self.headers.get_all("authorization") != ([f"Bearer {key}"] if key else None):
            raise No("Incorrect API key provided", 401, "invalid_api_key")
        operation = self.strict.operations.get(self.path)
        if operation is None:
            raise No("no such path", 404, "not_found")
        content_type = self.headers.get("content-type", "")
        if operation == "generate":
            if content_type != "application/json":
                raise No("expected application/json", 415)
            self.received.fields = _json_object(body)
            return self.strict.check(operation, self.received.fields, None)
        texts, images = multipart(content_type, body, self.strict.image_parts)
        self.received.fields = dict(texts)
        self.received.images = images if self.strict.keeps_images else []
        self.received.image_bytes = [len(image) for image in images]
        if len(images) != 1:
            raise No("exactly one image is required")
        return self.strict.check(operation, self.strict.from_form(texts), images[0])

    # Answering

    def succeed(self, wanted: Wanted) -> None:
        self.answer(200, self.success_body(wanted), "application/json")

    def success_body(self, wanted: Wanted) -> bytes:
        seed = random.randrange(2**31) if wanted.seed is None else wanted.seed
        data = self.painted(wanted, seed)
        facts = {"seed": seed, "finish_reason": "success"} if self.strict.tells_seed else {}
        item = {**facts, **self._as_asked(wanted, data)}
        return json_bytes({"created": int(time.time()), "data": [item]})

    def succeed_with(self, item: dict[str, object]) -> None:
        answer = {"created": int(time.time()), "data": [{"finish_reason": "success"} | item]}
        self.answer(200, json_bytes(answer), "application/json")

    def succeed_with_image(self, wanted: Wanted, data: bytes) -> None:
        self.succeed_with({"seed": 7, **self._as_asked(wanted, data)})

    def _as_asked(self, wanted: Wanted, data: bytes) -> dict[str, object]:
        if wanted.response_format == "b64_json":
            return {"b64_json": base64.b64encode(data).decode()}
        own = "" if wanted.response_format == "relative url" else self.own
        return {"url": f"{own}/files/{self.stored(data)}"}

    def painted(self, wanted: Wanted, seed: int = 7) -> bytes:
        with self.strict.lock:
            self.strict.images_made += 1
        buffer = io.BytesIO()
        paint(wanted, seed).save(buffer, "PNG", compress_level=1)
        return buffer.getvalue()

    def stored(self, data: bytes) -> str:
        with self.strict.lock:
            name = f"{len(self.strict.files):06}.png"
            self.strict.files[name] = data
        return name

    def refuse(
        self, status: int, kind: str, message: str, headers: dict[str, str] | None = None
    ) -> None:
        body = json_bytes(self.strict.complaint(kind, message))
        self.answer(status, body, "application/json", headers)

    def answer(
        self,
        status: int,
        body: bytes,
        content_type: str = "application/json",
        headers: dict[str, str] | None = None,
    ) -> None:
        self.begin(status, content_type, len(body), headers)
        self.wfile.write(body)

    def begin(
        self,
        status: int,
        content_type: str,
        length: int | None,
        headers: dict[str, str] | None = None,
    ) -> None:
        """Status and headers; without a length, what follows goes through `chunk`."""
        if hasattr(self, "received"):
            self.received.status = status
        self.send_response(status)
        self.send_header(self.strict.trace_header, trace_id(len(self.strict.requests)))
        self.send_header("Content-Type", content_type)
        if length is None:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(length))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()

    def chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def drip(self, status: int, content_type: str, body: bytes) -> None:
        """One byte a second."""
        self.begin(status, content_type, len(body))
        for byte in body:
            self.wfile.write(bytes([byte]))
            if not self.pause(1.0):
                return

    def hang(self) -> None:
        while self.pause(3600.0):
            pass

    def pause(self, seconds: float) -> bool:
        """Wait, unless the server closes or the caller hangs up: False then."""
        ends_at = time.monotonic() + seconds
        while (left := ends_at - time.monotonic()) > 0:
            if self.strict.closing.wait(min(left, 0.05)) or self._is_caller_gone():
                self.close_connection = True
                return False
        return True

    def _is_caller_gone(self) -> bool:
        readable, _, _ = select.select([self.connection], [], [], 0)
        return bool(readable) and self.connection.recv(1, socket.MSG_PEEK) == b""


def trace_id(number: int) -> str:
    return f"trace-{number:06}"


def paint(wanted: Wanted, seed: int) -> Image.Image:
    """A gradient in two colours of the seed and the prompt; an edit tints its image with them."""
    digest = hashlib.sha256(f"{seed} {wanted.prompt}".encode()).digest()
    dark, light = _colour(digest[0], 0.35), _colour(digest[1], 0.95)
    if wanted.image is not None:
        image = (
            wanted.image.resize(wanted.size) if wanted.size != wanted.image.size else wanted.image
        )
        return Image.blend(image, Image.new("RGB", image.size, light), 0.35)
    gradient = Image.linear_gradient("L").rotate(90 * (digest[2] % 4))
    return ImageOps.colorize(gradient.resize(wanted.size), dark, light)


def _colour(hue: int, value: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(hue / 256, 0.6, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError as error:
        raise No("the body is no JSON") from error
    if not isinstance(value, dict):
        raise No("the body is no JSON object")
    return value
