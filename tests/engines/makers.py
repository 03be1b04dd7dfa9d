"""Requests, engines and pictures that the engine tests share."""

import io
import socket
import struct
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from PIL import Image

from studio.engines.contract import Engine, EngineError, EngineRequest
from studio.engines.dialects import DIALECTS
from studio.engines.fields import WireModel
from studio.engines.openai import OpenaiEngine
from studio.engines.remote import RemoteEngine
from studio.engines.stepfun import StepfunEngine
from tests.engines.strict import Strict
from tests.engines.strict_openai import StrictOpenai
from tests.engines.strict_stepfun import StrictStepfun

MODEL = "step-image-edit-2"
WIRE_MODELS = {
    MODEL: WireModel(size_order="hxw", default_cfg_scale=1.0),
    "step-2x-large": WireModel(),
    "step-1x-medium": WireModel(),
    "step-1x-edit": WireModel(sends_edit_size=True),
}


SERVICES = ("stepfun", *DIALECTS)


def strict_server(service: str) -> Strict:
    return StrictStepfun() if service == "stepfun" else StrictOpenai(service)


@contextmanager
def remote(strict: Strict, **changes: Any) -> Iterator[RemoteEngine]:
    """The engine that speaks to this kind of server."""
    options = {"base_url": strict.base_url, "api_key": strict.key, "models": WIRE_MODELS}
    if isinstance(strict, StrictOpenai):
        with closing(OpenaiEngine(**(options | {"dialect": strict.dialect} | changes))) as engine:
            yield engine
    else:
        with closing(StepfunEngine(**(options | changes))) as engine:
            yield engine


def generate(**changes: Any) -> EngineRequest:
    fields = {
        "model": MODEL,
        "operation": "generate",
        "prompt": "a lighthouse at dusk",
        "deadline_seconds": 10.0,
    }
    return EngineRequest(**(fields | changes))


def edit(**changes: Any) -> EngineRequest:
    return generate(**({"operation": "edit", "image": picture()} | changes))


def picture(width: int = 96, height: int = 64, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(buffer, kind)
    return buffer.getvalue()


def size_of(data: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as image:
        image.load()
        return image.size


def failure_of(engine: Engine, request: EngineRequest) -> EngineError:
    with pytest.raises(EngineError) as caught:
        engine.run(request)
    return caught.value


@contextmanager
def silent_port() -> Iterator[int]:
    """A port where connecting succeeds and nothing is ever read or written."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        yield listener.getsockname()[1]


@contextmanager
def closed_port() -> Iterator[int]:
    """A port of which it is sure that connecting is refused: bound, but not listening."""
    with closing(socket.socket()) as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def resolves_to(*addresses: str) -> Any:
    """A stand-in for `socket.getaddrinfo`, one address a call, the last for ever."""
    left = list(addresses)

    def getaddrinfo(_host: str, port: int, *_args: Any, **_kwargs: Any) -> list[Any]:
        address = left.pop(0) if len(left) > 1 else left[0]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port))]

    return getaddrinfo


def reset(connection: socket.socket) -> None:
    """Close with RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def file_of(strict: StrictStepfun, name: str) -> str:
    """Where it serves one of its `files`."""
    return f"http://127.0.0.1:{strict.port}/files/{name}"
