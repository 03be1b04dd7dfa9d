"""What people and workspaces have in the studio: for exports, and for the end of an account."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from django.db.models import Q

from accounts import registry
from accounts.belongings import removed
from accounts.models import User, Workspace
from accounts.registry import Belonging, ExportFile
from accounts.zips import in_pages, json_file
from gallery import images
from studio import jobs
from studio.jobs import archive
from studio.models import AnyJob, Job, Prompt, RepeatKey, Webhook

_COLUMNS = (
    *("state", "model", "operation", "prompt", "negative_prompt", "size", "seed", "steps"),
    *("cfg_scale", "text_mode", "price_micros", "engine", "trace_id", "error"),
)


def register() -> None:
    registry.stops.append(_stop)
    registry.goings_on.append(_is_made_for)
    registry.belongings += [
        Belonging(models=["studio.Prompt"], of_person=_prompts, erase=_erase_prompts),
        Belonging(
            models=["studio.Job", "studio.ArchivedJob"], of_workspace=_jobs, erase=_erase_jobs
        ),
        Belonging(
            models=["studio.RepeatKey"],
            erase=lambda workspace: removed(RepeatKey.objects.filter(workspace=workspace)),
        ),
        Belonging(
            models=["studio.Webhook", "studio.Delivery"],
            of_workspace=_webhooks,
            erase=lambda workspace: removed(Webhook.objects.in_workspace(workspace)),
        ),
    ]


def _stop(of: Workspace | User) -> None:
    """Cancels what is not made yet. A call of the engine under way is not waited for."""
    is_theirs = Q(workspace=of) if isinstance(of, Workspace) else Q(created_by=of)
    for job in in_pages(Job.objects.unfinished().filter(is_theirs)):
        jobs.stop(job)


def _is_made_for(user: User) -> bool:
    """A picture would be stored as theirs when it is done, so they have to be there then."""
    return Job.objects.unfinished().filter(created_by=user).exists()


def _prompts(user: User) -> Iterator[ExportFile]:
    rows = in_pages(Prompt.objects.filter(user=user))
    yield json_file(
        "prompts.json",
        ({"text": each.text, "used": each.used_at, "starred": each.starred_at} for each in rows),
    )


def _jobs(workspace: Workspace) -> Iterator[ExportFile]:
    """Those in the archive first, since they are older."""
    kept, archived = archive.all_in(workspace)
    rows = chain(in_pages(archived.with_makers()), in_pages(kept.with_makers()))
    yield json_file("jobs.json", map(_said_of, rows))


def _said_of(job: AnyJob) -> dict[str, Any]:
    return {
        "id": job.pk,
        "order": job.order_id,
        "created": job.created_at,
        "finished": job.finished_at,
        "by": str(job.created_by) if job.created_by else None,
        "image": job.image_id,
        "source": job.source_id,
        **{column: getattr(job, column) for column in _COLUMNS},
    }


def _webhooks(workspace: Workspace) -> Iterator[ExportFile]:
    rows = in_pages(Webhook.objects.in_workspace(workspace))
    yield json_file(
        "webhooks.json",
        ({"url": each.url, "created": each.created_at, "off": each.off_at} for each in rows),
    )


def _erase_jobs(workspace: Workspace) -> bool:
    """Their masks first: the jobs of one order share theirs."""
    rows, archived = archive.all_in(workspace)
    for mask in rows.exclude(mask="").values_list("mask", flat=True).distinct():
        images.disown(mask)
    rows.exclude(mask="").update(mask="", feather=0)
    return removed(rows) and removed(archived)


def _erase_prompts(workspace: Workspace) -> bool:
    return removed(Prompt.objects.filter(workspace=workspace))
