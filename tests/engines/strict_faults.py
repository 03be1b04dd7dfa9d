"""Faults that the strict servers can be told to commit, by name.

Each takes the handler and what was wanted, and answers, or leaves the answer undone.
"""

import base64
import email.utils
import json
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING

from tests.engines.strict_rules import Wanted

if TYPE_CHECKING:
    from tests.engines.strict import Handler

Fault = Callable[["Handler", Wanted], None]

MEGABYTE = 1024 * 1024
HTML = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


# Statuses


def _status(status: int, kind: str, message: str, **headers: str) -> Fault:
    def answer(handler: "Handler", _wanted: Wanted) -> None:
        handler.refuse(status, kind, message, headers)

    return answer


def _busy(handler: "Handler", **headers: str) -> None:
    handler.refuse(429, "rate_limited", "concurrency reached, current: 11, limit: 10", headers)


def _busy_until_a_date(handler: "Handler", _wanted: Wanted) -> None:
    _busy(handler, **{"Retry-After": email.utils.formatdate(time.time() + 30, usegmt=True)})


def _busy_for(text: str) -> Fault:
    return lambda handler, _wanted: _busy(handler, **{"Retry-After": text})


def _echo(handler: "Handler", wanted: Wanted) -> None:
    key = handler.headers.get("authorization", "")
    message = f"cannot draw '{wanted.prompt}' for {key}"
    handler.refuse(400, "request_params_invalid", message)


def _html(status: int) -> Fault:
    return lambda handler, _wanted: handler.answer(status, HTML, "text/html")


def _redirect(handler: "Handler", _wanted: Wanted) -> None:
    handler.answer(307, b"", headers={"Location": f"{handler.own}{handler.path}"})


# Time


def _hang(handler: "Handler", _wanted: Wanted) -> None:
    handler.hang()


def _hang_after_status(handler: "Handler", _wanted: Wanted) -> None:
    handler.begin(429, "application/json", 100)
    handler.wfile.write(b"{")
    handler.hang()


def _hang_in_body(handler: "Handler", wanted: Wanted) -> None:
    body = handler.success_body(wanted)
    handler.begin(200, "application/json", len(body))
    handler.wfile.write(body[: len(body) // 2])
    handler.hang()


def _drip(handler: "Handler", wanted: Wanted) -> None:
    handler.drip(200, "application/json", handler.success_body(wanted))


def _late(handler: "Handler", wanted: Wanted) -> None:
    handler.pause(handler.strict.late_seconds)
    handler.succeed(wanted)


def _hang_up(handler: "Handler", _wanted: Wanted) -> None:
    handler.close_connection = True


# Bodies


def _raw(body: bytes) -> Fault:
    return lambda handler, _wanted: handler.answer(200, body, "application/json")


def _truncated_json(handler: "Handler", wanted: Wanted) -> None:
    body = handler.success_body(wanted)
    handler.answer(200, body[: len(body) // 2], "application/json")


def _short_length(handler: "Handler", wanted: Wanted) -> None:
    body = handler.success_body(wanted)
    handler.begin(200, "application/json", len(body))
    handler.wfile.write(body[: len(body) // 2])
    handler.close_connection = True


def _huge(handler: "Handler", _wanted: Wanted) -> None:
    handler.begin(200, "application/json", None)
    handler.chunk(b'{"data": [{"seed": 1, "b64_json": "')
    for _ in range(1024):
        handler.chunk(b"A" * MEGABYTE)
    handler.chunk(b'"}]}')
    handler.chunk(b"")


def _huge_with_length(handler: "Handler", _wanted: Wanted) -> None:
    handler.begin(200, "application/json", 1024 * MEGABYTE)
    for _ in range(1024):
        handler.wfile.write(b" " * MEGABYTE)


def _gzip_bomb(handler: "Handler", _wanted: Wanted) -> None:
    """1 GB of spaces: one flushed block of a megabyte, over and over."""
    bomb = b"".join(_gzip_pieces(1024))
    handler.answer(200, bomb, "application/json", {"Content-Encoding": "gzip"})


def _gzip_pieces(megabytes: int) -> Iterator[bytes]:
    deflater = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = deflater.compress(b" " * MEGABYTE) + deflater.flush(zlib.Z_FULL_FLUSH)
    yield b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
    yield from (block for _ in range(megabytes))
    yield deflater.flush()
    yield struct.pack("<II", 0, megabytes * MEGABYTE & 0xFFFFFFFF)


def _gzip(handler: "Handler", wanted: Wanted) -> None:
    deflater = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    body = deflater.compress(handler.success_body(wanted)) + deflater.flush()
    handler.answer(200, body, "application/json", {"Content-Encoding": "gzip"})


def _brotli(handler: "Handler", _wanted: Wanted) -> None:
    handler.answer(200, b"\x0b\x02\x80", "application/json", {"Content-Encoding": "br"})


# Items


def _item(**item: object) -> Fault:
    return lambda handler, _wanted: handler.succeed_with(item)


def _image_bytes(make: Callable[[], bytes]) -> Fault:
    def answer(handler: "Handler", wanted: Wanted) -> None:
        handler.succeed_with_image(wanted, make())

    return answer


def _data_uri(handler: "Handler", wanted: Wanted) -> None:
    text = base64.b64encode(handler.painted(wanted)).decode()
    handler.succeed_with({"seed": 7, "b64_json": f"data:image/png;base64,{text}"})


def _older_field(handler: "Handler", wanted: Wanted) -> None:
    text = base64.b64encode(handler.painted(wanted)).decode()
    handler.succeed_with({"seed": 7, "image": text})


def _truncated_png(handler: "Handler", wanted: Wanted) -> None:
    data = handler.painted(wanted)
    handler.succeed_with_image(wanted, data[: len(data) // 2])


def _filtered(handler: "Handler", _wanted: Wanted) -> None:
    handler.succeed_with({"seed": 7, "finish_reason": "content_filtered"})


@cache
def small_png() -> bytes:
    return _png(64, 48, bit_depth=8)


@cache
def bomb_png() -> bytes:
    """30,000 x 30,000 pixels of one bit in about 500 kB."""
    return _png(30_000, 30_000, bit_depth=1)


def _png(width: int, height: int, *, bit_depth: int) -> bytes:
    """All black."""
    rows = bytes((1 + (width * bit_depth + 7) // 8) * height)
    header = struct.pack(">IIBBBBB", width, height, bit_depth, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


# Urls


def _url(path: str) -> Fault:
    """A result url whose own path does the mischief; see `Handler.do_GET`."""

    def answer(handler: "Handler", wanted: Wanted) -> None:
        name = handler.stored(handler.painted(wanted))
        handler.succeed_with({"seed": 7, "url": f"{handler.own}{path.format(name=name)}"})

    return answer


def _url_expired(handler: "Handler", wanted: Wanted) -> None:
    url = f"{handler.own}/files/{handler.stored(handler.painted(wanted))}"
    handler.strict.expire_files()
    handler.succeed_with({"seed": 7, "url": url})


def _url_relative(handler: "Handler", wanted: Wanted) -> None:
    handler.succeed_with({"url": f"/files/{handler.stored(handler.painted(wanted))}"})


FAULTS: dict[str, Fault] = {
    "429": lambda handler, _wanted: _busy(handler),
    "429-2": _busy_for("2"),
    "429-date": _busy_until_a_date,
    "429-99999": _busy_for("99999"),
    "429-garbage": _busy_for("soon"),
    "400": _status(400, "request_params_invalid", "the image is\nunreadable \u202e today"),
    "400-echo": _echo,
    "400-long": _status(400, "request_params_invalid", "because " * 500),
    "401": _status(401, "invalid_api_key", "Incorrect API key provided"),
    "402": _status(402, "quota_exceeded", "You exceeded your current quota"),
    "403": _status(403, "forbidden", "no access"),
    "404": _status(404, "model_not_found", "the model does not exist"),
    "413": _status(413, "too_large", "request body too large"),
    "451": _status(451, "censorship_blocked", "blocked by moderation"),
    "451-image": _status(451, "censorship_blocked", "the image is not allowed"),
    "400-moderation": _status(400, "moderation_blocked", "the safety system said no"),
    "429-quota": _status(429, "insufficient_quota", "You exceeded your current quota"),
    "500": _status(500, "server_error", "internal error"),
    "502": _status(502, "server_error", "bad gateway"),
    "503": _status(503, "server_error", "overloaded"),
    "503-3": _status(503, "server_error", "overloaded", **{"Retry-After": "3"}),
    "504": _status(504, "server_error", "gateway timeout"),
    "html": _html(502),
    "html-200": _html(200),
    "redirect": _redirect,
    "hang": _hang,
    "hang-after-status": _hang_after_status,
    "hang-in-body": _hang_in_body,
    "drip": _drip,
    "late": _late,
    "hang-up": _hang_up,
    "truncated-json": _truncated_json,
    "short-length": _short_length,
    "empty": _raw(b""),
    "error-in-200": _raw(b'{"error": {"message": "out of luck", "type": "server_error"}}'),
    "no-data": _raw(b'{"created": 1, "data": []}'),
    "array": _raw(b"[1, 2]"),
    "deep": _raw(b"[" * 100_000),
    "wrong-data": _raw(b'{"data": [null]}'),
    "not-utf8": _raw(b'{"data": [{"b64_json": "\xff"}]}'),
    "no-image": _item(seed=7, finish_reason="success"),
    "wrong-types": _item(seed="7", b64_json=7, url=["x"]),
    "bad-base64": _item(seed=7, b64_json="@@@ not base64"),
    "unpadded-base64": _item(seed=7, b64_json="iVBORw0KGgo"),
    "not-an-image": _image_bytes(lambda: b"just a few words of text"),
    "data-uri": _data_uri,
    "older-field": _older_field,
    "truncated-png": _truncated_png,
    "wrong-size": _image_bytes(small_png),
    "bomb-png": _image_bytes(bomb_png),
    "huge": _huge,
    "huge-length": _huge_with_length,
    "gzip": _gzip,
    "gzip-bomb": _gzip_bomb,
    "brotli": _brotli,
    "filtered": _filtered,
    "url-expired": _url_expired,
    "url-404": _url("/files/never-was.png"),
    "url-slow": _url("/slow/{name}"),
    "url-hang": _url("/hang/{name}"),
    "url-redirect": _url("/hop/3/{name}"),
    "url-loop": _url("/hop/4/{name}"),
    "url-private": _url("/private/{name}"),
    "url-ftp": _item(seed=7, url="ftp://example.com/image.png"),
    "url-malformed": _item(seed=7, url="http://[oops/image.png"),
    "url-text": _url("/text/{name}"),
    "url-huge": _url("/huge/{name}"),
    "url-relative": _url_relative,
}


def json_bytes(value: object) -> bytes:
    return json.dumps(value).encode()
