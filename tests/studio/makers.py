"""What the tests of jobs are made of: an engine that does as it is told, and orders for it."""

import io
from collections.abc import Callable
from typing import Any
from uuid import UUID

from PIL import Image as Pillow

from accounts import ledger
from accounts.models import ApiKey, User, Workspace
from studio import jobs, orders
from studio.engines.contract import EngineRequest, EngineResult
from studio.jobs import Region, settle
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
    region: Region | None = None,
    api_key: ApiKey | None = None,
    is_asking: bool = False,
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
        region=region,
        order_id=order_id,
        api_key=api_key,
        is_asking=is_asking,
    )


def balance(workspace: Workspace) -> tuple[int, int]:
    wallet = ledger.credit_of(workspace)
    return wallet.posted_micros, wallet.held_micros


def run_to_end(job: Job) -> Job:
    """What was put off is not waited for."""
    for _ in range(9):
        jobs.run_next()
        job.refresh_from_db()
        if job.is_terminal:
            return job
        Job.objects.filter(pk=job.pk).update(not_before=None)
    raise AssertionError(job.state)


def die(*_args: object, **_kwargs: object) -> None:
    raise KeyboardInterrupt


def lose(job: Job) -> None:
    """The lease runs out, and the sweep finds it."""
    job.refresh_from_db()
    settle.release_lost(job)
