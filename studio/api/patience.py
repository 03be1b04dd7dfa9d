"""How long a caller is kept waiting for its images, and what becomes of one too many."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from django.conf import settings
from rest_framework.request import Request

from studio import jobs
from studio.api.base import key_of
from studio.api.errors import Refusal

# Beyond the job's own deadline: time to wait for a turn.
_QUEUE_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Patience:
    """`is_async`: what is not done by then is answered with 202.

    `wants_jobs`: so is what is done. Who asked for the jobs, and sends the call again, is to
    have the same kind of answer again.
    """

    seconds: float
    is_async: bool
    wants_jobs: bool = False


@contextmanager
def of(request: Request) -> Iterator[Patience]:
    """Keeps a place to wait in. Raises Refusal, while nothing is paid yet, if there is none.

    Who need not wait does not.
    """
    asked = _asked(request)
    with jobs.place("program", of=key_of(request).workspace_id) as is_free:
        if is_free:
            yield asked
        elif asked.is_async:
            yield replace(asked, seconds=0)
        else:
            raise Refusal(
                429,
                "Many calls wait for their images here. Try again in a second, or send the "
                "header Prefer: respond-async.",
                code="too_many_waiting",
                headers={"Retry-After": "1", "x-should-retry": "true"},
            )


def _asked(request: Request) -> Patience:
    """RFC 7240: `respond-async` answers at once, `wait=10` beside it after ten seconds."""
    longest = settings.JOB_DEADLINE_SECONDS + _QUEUE_SECONDS
    prefers = [each.strip() for each in request.headers.get("Prefer", "").split(",")]
    if "respond-async" not in prefers:
        return Patience(seconds=longest, is_async=False)
    waits = [re.fullmatch("wait=([0-9]{1,4})", each, re.ASCII) for each in prefers]
    seconds = max((int(found[1]) for found in waits if found), default=0)
    return Patience(seconds=min(longest, seconds), is_async=True, wants_jobs=not seconds)
