"""Puts all that is somebody's into one ZIP: asked for on a page, built by a worker, kept a week.

What there is to put in, `registry.belongings` says: first what is the person's, then what is of
each workspace that they own. The ZIP is written to a file on the worker's disk, piece by piece,
and goes to the storage from there.

    ExportError       a sentence for the user
    └── UnderWay      there is one that is being built
"""

import logging
import re
import tempfile
import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import IO

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts import letters, registry, zips
from accounts.models import Export, User, Workspace
from accounts.models.exports import ExportQuerySet
from accounts.registry import ExportFile
from accounts.zips import json_file

log = logging.getLogger("easel.exports")
KEPT = timedelta(days=7)
MOST_ATTEMPTS = 4
MOST_KEPT = 3
_LEASE = timedelta(minutes=5)
_RENEW_SECONDS = 20.0
_PIECE = 256 * 1024
_READ_ME = """Everything that Easel keeps for {email}, as of {at:%Y-%m-%d %H:%M} UTC.

person/        your account, and what only you see
workspaces/    a folder for each workspace that you own: its pictures, and recipes.json, which says
               how each was made; its ledger, jobs, collections, links, keys and webhooks

Passwords, and the secrets of keys and links, are kept as hashes only, and are left out. Pictures
that you made in workspaces of others belong to those; their owners can export them.
"""


class ExportError(Exception):
    pass


class UnderWay(ExportError):
    def __init__(self) -> None:
        super().__init__("An export is being built already. A letter says when it is ready.")


def ask(*, by: User) -> Export:
    """Raises UnderWay. The oldest of more than a few is let go."""
    try:
        with transaction.atomic():
            export = Export.objects.create(user=by)
    except IntegrityError as error:
        raise UnderWay from error
    kept = Export.objects.filter(user=by).newest_first()
    surplus = list(kept.values_list("pk", flat=True)[MOST_KEPT:])
    Export.objects.filter(pk__in=surplus).update(expires_at=timezone.now())
    return export


def is_any_due(at: datetime) -> bool:
    return Export.objects.due(at).exists() or Export.objects.filter(expires_at__lte=at).exists()


def build_next(*, at: datetime) -> bool:
    """Builds the one that has waited longest, here. False if there is none to be built."""
    export = _claim(at)
    if export is None:
        return False
    if export.attempt > MOST_ATTEMPTS:
        _finish(export, Export.State.FAILED, kept=KEPT)
        log.error("gave up export=%s", export.pk)
        return True
    with tempfile.TemporaryFile(dir=settings.DATA_DIR) as file:
        size_bytes = _write(export, file)
        file.seek(0)
        default_storage.save(export.key, File(file, name=export.key))
    if _finish(export, Export.State.READY, kept=KEPT, size_bytes=size_bytes):
        log.info("built export=%s bytes=%s", export.pk, size_bytes)
        _tell(export)
    return True


def _claim(at: datetime) -> Export | None:
    due = Export.objects.due(at).order_by("id")
    with transaction.atomic():
        export = due.select_for_update(skip_locked=True).select_related("user").first()
        if export:
            export.attempt += 1
            export.state, export.lease_until = Export.State.BUILDING, at + _LEASE
            export.save(update_fields=["attempt", "state", "lease_until"])
    return export


def _write(export: Export, file: IO[bytes]) -> int:
    renew_at = time.monotonic() + _RENEW_SECONDS
    for piece in zips.stream(_files(export.user)):
        file.write(piece)
        if time.monotonic() >= renew_at:
            renew_at = time.monotonic() + _RENEW_SECONDS
            _mine(export).update(lease_until=timezone.now() + _LEASE)
    return file.tell()


def _mine(export: Export) -> ExportQuerySet:
    """The fence: who claimed it last finishes it."""
    return Export.objects.unfinished().filter(pk=export.pk, attempt=export.attempt)


def _finish(export: Export, state: Export.State, *, kept: timedelta, size_bytes: int = 0) -> bool:
    now = timezone.now()
    export.expires_at = now + kept
    return bool(
        _mine(export).update(
            state=state,
            lease_until=None,
            finished_at=now,
            expires_at=export.expires_at,
            size_bytes=size_bytes,
        )
    )


def _tell(export: Export) -> None:
    letters.send(
        "export_ready",
        to=export.user.email,
        until=export.expires_at,
        url=letters.at_site(reverse("accounts:privacy")),
    )


def write(user: User, file: IO[bytes]) -> int:
    """The ZIP of a person, for who runs Easel. Returns its bytes."""
    for piece in zips.stream(_files(user)):
        file.write(piece)
    return file.tell()


def _files(user: User) -> Iterator[ExportFile]:
    text = _READ_ME.format(email=user.email, at=timezone.now())
    yield ExportFile(name="README.txt", pieces=[text.encode()])
    for each in registry.belongings:
        if each.of_person:
            yield from _below("person", each.of_person(user))
    for workspace in Workspace.objects.owned_by(user).order_by("pk"):
        folder = f"workspaces/{_slug(workspace)}"
        yield from _below(folder, [json_file("workspace.json", [_about(workspace)])])
        for each in registry.belongings:
            if each.of_workspace:
                yield from _below(folder, each.of_workspace(workspace))


def _below(folder: str, files: Iterable[ExportFile]) -> Iterator[ExportFile]:
    for each in files:
        yield ExportFile(
            name=f"{folder}/{each.name}", pieces=each.pieces, at=each.at, is_packed=each.is_packed
        )


def _slug(workspace: Workspace) -> str:
    words = "-".join(re.findall(r"\w+", workspace.name.lower()))[:40]
    return f"{words or 'workspace'}-{str(workspace.pk)[-8:]}"


def _about(workspace: Workspace) -> dict[str, object]:
    return {
        "id": workspace.pk,
        "name": workspace.name,
        "is_team": workspace.is_team,
        "created": workspace.created_at,
        "plan": workspace.plan.name,
    }


def size_of(export: Export) -> int:
    """In bytes, as it is in the storage. Raises FileNotFoundError."""
    return int(default_storage.size(export.key))


def address(export: Export) -> str:
    """In the storage, for a browser that reaches it, for five minutes; else ""."""
    if not settings.S3_PUBLIC_ENDPOINT_URL:
        return ""
    told = {"response-content-disposition": f'attachment; filename="{file_name(export)}"'}
    return default_storage.url(export.key, parameters=told)  # type: ignore[call-arg]


def file_name(export: Export) -> str:
    return f"easel-{export.created_at:%Y-%m-%d}.zip"


def read(export: Export, *, start: int = 0) -> Iterator[bytes]:
    """From a byte on, never more than a piece in memory. Raises what the storage does."""
    if settings.S3_BUCKET:
        thing = default_storage.bucket.Object(export.key)  # type: ignore[attr-defined]
        yield from thing.get(Range=f"bytes={start}-")["Body"].iter_chunks(_PIECE)
        return
    with default_storage.open(export.key) as file:
        file.seek(start)
        while piece := file.read(_PIECE):
            yield piece


def sweep(*, at: datetime) -> None:
    """Removes those that are over: the bytes first, so that a row is left for what stays."""
    for export in Export.objects.filter(expires_at__lte=at).order_by("pk")[:100]:
        remove(export)


def remove(export: Export) -> None:
    default_storage.delete(export.key)
    Export.objects.filter(pk=export.pk).delete()
