"""The prompts that a person used, and those that they starred; bounded, and only theirs."""

import hashlib
from uuid import UUID

from django.utils import timezone

from accounts.models import User, Workspace
from studio.models import Prompt

KEPT = 100
STARRED = 100


class TooManyStars(Exception):
    """The message is a sentence for the user."""


def remember(*, by: User, workspace: Workspace, text: str) -> None:
    """Puts the words first among those used. May be repeated; the oldest beyond KEPT go."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    Prompt.objects.update_or_create(
        user=by,
        workspace=workspace,
        digest=digest,
        defaults={"used_at": timezone.now()},
        create_defaults={"used_at": timezone.now(), "text": text},
    )
    unstarred = Prompt.objects.of(by, workspace).filter(starred_at=None).latest_first()
    beyond = list(unstarred.values_list("pk", flat=True)[KEPT : KEPT + 50])
    if beyond:
        Prompt.objects.filter(pk__in=beyond).delete()


def recent(*, by: User, workspace: Workspace) -> list[Prompt]:
    return list(Prompt.objects.of(by, workspace).latest_first()[: KEPT + STARRED])


def star(*, by: User, prompt: Prompt, is_on: bool) -> None:
    """Raises TooManyStars."""
    starred = Prompt.objects.of(by, prompt.workspace).exclude(starred_at=None)
    if is_on and starred.exclude(pk=prompt.pk).count() >= STARRED:
        raise TooManyStars(f"{STARRED} prompts are starred already. Take a star away first.")
    prompt.starred_at = timezone.now() if is_on else None
    prompt.save(update_fields=["starred_at"])


def forget(*, by: User, workspace: Workspace, prompt_id: UUID | None = None) -> int:
    """One, or all that are not starred. How many went."""
    ours = Prompt.objects.of(by, workspace)
    chosen = ours.filter(starred_at=None) if prompt_id is None else ours.filter(pk=prompt_id)
    return chosen.delete()[0]
