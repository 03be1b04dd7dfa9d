"""What the tests of jobs are made of: an engine that does as it is told, and orders for it."""

import io
from collections.abc import Callable
from typing import Any
from uuid import UUID

from PIL import Image as Pillow

from accounts.models import User, Workspace
from studio import jobs, orders
from studio.engines.contract import EngineRequest, EngineResult
from studio.models import Job
from studio.orders import Asked


def png(width: int = 1024, height: int = 1024, colour: str = "teal") -> bytes:
    file = io.BytesIO()
    Pillow.new("RGB", (width, height), colour).save(file, "PNG")
    return file.getvalue()


class Puppet:
    """An engine. `does` holds an action for each of the next calls, then it simply works."""

    name = "puppet"
    is_local = False

    def __init__(self) -> None:
        self.calls: list[EngineRequest] = []
        self.does: list[Callable[[EngineRequest], EngineResult] | Exception] = []

    def run(self, request: EngineRequest) -> EngineResult:
        self.calls.append(request)
        action = self.does.pop(0) if self.does else good
        if isinstance(action, Exception):
            raise action
        return action(request)

    def close(self) -> None:
        pass


def good(request: EngineRequest) -> EngineResult:
    return EngineResult(
        data=png(*(request.size or (64, 48))), seed=request.seed or 7, trace_id="t1"
    )


def gives(data: bytes) -> Callable[[EngineRequest], EngineResult]:
    return lambda _request: EngineResult(data=data, seed=7, trace_id="t1")


def submit(
    by: User,
    workspace: Workspace,
    source: Any = None,
    order_id: UUID | None = None,
    **asked: Any,
) -> list[Job]:
    asked = {
        "model": "step-image-edit-2",
        "operation": "edit" if source else "generate",
        "prompt": "a lake",
    } | asked
    return jobs.submit(
        by=by,
        workspace=workspace,
        order=orders.check(Asked(**asked)),
        source=source,
        order_id=order_id,
    )
