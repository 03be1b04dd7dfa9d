"""Orders over a member's monthly cap: parked, with their money held, until somebody decides.

Who decides about the member says yes or no to the whole order. A yes puts its jobs where they
would stand in the queue if they had been in it all along; a no gives the money back, and so does
the time: nobody's silence holds a team's money for longer than `PATIENCE`.

    AnsweredAlready   it was decided about, or cancelled, meanwhile
    AskerGone         who asked may not make pictures there any more; a no is still possible
    TooManyAsked      the member has as many parked as one may
"""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import TypeGuard
from uuid import UUID

from django.db import transaction
from django.urls import reverse

from accounts import letters, members, workspaces
from accounts.models import Membership, User, Workspace
from accounts.workspaces import NotAllowed
from gallery import images
from studio.jobs import settle
from studio.jobs.caps import QuotaExceeded
from studio.models import Job, State
from studio.queue import doorbell

log = logging.getLogger("easel.jobs")
PATIENCE = timedelta(days=14)
MOST_PARKED = 20
_MOST_TOLD = 5


class AnsweredAlready(Exception):
    pass


class AskerGone(Exception):
    pass


class TooManyAsked(QuotaExceeded):
    pass


@dataclass(frozen=True, kw_only=True)
class Request:
    """One order that waits for a yes. All its jobs have the same prompt and price."""

    jobs: list[Job]

    @property
    def first(self) -> Job:
        return self.jobs[0]

    @property
    def total_micros(self) -> int:
        return sum(job.price_micros for job in self.jobs)


def check_room(*, by: User, workspace: Workspace, count: int) -> None:
    """Under the lock that holds take. Raises TooManyAsked."""
    theirs = Job.objects.in_workspace(workspace).parked().filter(created_by=by).count()
    if theirs + count > MOST_PARKED:
        raise TooManyAsked(
            f"At most {MOST_PARKED} pictures of yours can wait for a yes. "
            "Ask again when some are answered."
        )


def open_in(workspace: Workspace) -> list[Request]:
    """The oldest first."""
    parked = Job.objects.in_workspace(workspace).parked().select_related("created_by", "source")
    ordered = sorted(parked, key=lambda job: (job.order_id, job.pk))
    found = [Request(jobs=list(jobs)) for _, jobs in groupby(ordered, lambda job: job.order_id)]
    return sorted(found, key=lambda request: request.first.pk)


def tell(made: list[Job]) -> None:
    """Writes to the owners about an order that was just parked; not about each of many."""
    first = made[0]
    if first.state != State.PARKED or first.created_by is None:
        return
    theirs = Job.objects.in_workspace(first.workspace).parked().filter(created_by=first.created_by)
    if theirs.exclude(order_id=first.order_id).exists():
        return
    owners = [
        each
        for each in workspaces.owners_of(first.workspace)
        if each != first.created_by and each.erase_at is None
    ]
    for owner in owners[:_MOST_TOLD]:
        letters.send(
            "cap_asked",
            to=owner.email,
            by=letters.said_by(first.created_by),
            workspace=first.workspace.name,
            count=len(made),
            total_micros=sum(job.price_micros for job in made),
            days=PATIENCE.days,
            url=letters.at_site(
                reverse("accounts:workspace_page", args=[first.workspace_id]) + "#requests"
            ),
        )


def approve(*, workspace: Workspace, order_id: UUID, by: User) -> list[Job]:
    """Its jobs run in their turn. Raises NotAllowed, AnsweredAlready and AskerGone."""
    with _decided(workspace, order_id, by) as (jobs, asker):
        if not (asker and asker.may_make and asker.user.is_active):
            raise AskerGone("They may not make pictures here any more.")
        waiting = Job.objects.parked().filter(pk__in=[job.pk for job in jobs])
        waiting.update(state=State.QUEUED, decided_by=by)
        doorbell.ring()
    log.info("approved order=%s jobs=%s by=%s", order_id, len(jobs), by.pk)
    _tell_asker(jobs, by, is_yes=True)
    return jobs


def decline(*, workspace: Workspace, order_id: UUID, by: User) -> list[Job]:
    """They end without a charge. Raises NotAllowed and AnsweredAlready."""
    with _decided(workspace, order_id, by) as (jobs, _):
        said = f"{by} said no to this."[:400]
        settle.withdraw(jobs, error=said, error_code="declined", decided_by=by)
    _tidy(jobs)
    log.info("declined order=%s jobs=%s by=%s", order_id, len(jobs), by.pk)
    _tell_asker(jobs, by, is_yes=False)
    return jobs


def expire(at: datetime) -> None:
    """Those that nobody answered. A batch: what is left over is swept next time."""
    parked = Job.objects.parked().filter(created_at__lt=at - PATIENCE)
    along_its_index = parked.order_by("workspace_id", "created_at")
    old = along_its_index.with_makers().select_related("workspace")[:200]
    said = f"Nobody answered in {PATIENCE.days} days."
    with transaction.atomic(durable=True):
        ended = settle.withdraw(list(old), error=said, error_code="declined", among=[State.PARKED])
    _tidy(ended)
    _tell_of_silence(ended)


@contextmanager
def _decided(
    workspace: Workspace, order_id: UUID, by: User
) -> Iterator[tuple[list[Job], Membership | None]]:
    """The order's jobs, locked while they are parked, and who asked, if still in the team."""
    with transaction.atomic(durable=True):
        members.lock(workspace)
        decider = Membership.objects.filter(workspace=workspace, user=by).first()
        if decider is None or not decider.may_manage:
            raise NotAllowed
        parked = Job.objects.in_workspace(workspace).parked().filter(order_id=order_id)
        jobs = list(parked.select_for_update(of=("self",)).with_makers().order_by("pk"))
        if not jobs:
            raise AnsweredAlready("It was answered or cancelled meanwhile.")
        asker = (
            Membership.objects.filter(workspace=workspace, user=jobs[0].created_by_id)
            .select_related("user", "workspace")
            .first()
        )
        if asker and not members.may_decide_about(asker, decider):
            raise NotAllowed
        yield jobs, asker


def _tell_asker(jobs: list[Job], by: User, *, is_yes: bool) -> None:
    """Who answers their own question knows."""
    asker, workspace = jobs[0].created_by, jobs[0].workspace
    if asker == by or not _is_told(asker):
        return
    letters.send(
        "cap_answered",
        to=asker.email,
        by=letters.said_by(by),
        is_yes=is_yes,
        workspace=workspace.name,
        count=len(jobs),
        url=letters.at_site("/"),
    )


def _tell_of_silence(jobs: list[Job]) -> None:
    """One letter to each who asked, for all that ended of theirs in a workspace."""
    asked = Counter((job.created_by, job.workspace) for job in jobs)
    for (asker, workspace), count in asked.items():
        if not _is_told(asker):
            continue
        letters.send(
            "cap_unanswered",
            to=asker.email,
            workspace=workspace.name,
            count=count,
            days=PATIENCE.days,
            url=letters.at_site("/"),
        )


def _is_told(asker: User | None) -> TypeGuard[User]:
    """Who has gone needs no answer."""
    return bool(asker and asker.is_active and not asker.erase_at)


def _tidy(jobs: Iterable[Job]) -> None:
    for job in jobs:
        images.discard_for(job.hold)
