"""What is done with images that were selected. Each takes `image`, an id, again and again.

The answer leads back to where one was (`next`), with a sentence and perhaps a way to undo it; for
the script that sent it, it is the sentence alone.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from accounts import connections
from accounts.middleware import WorkspaceRequest
from accounts.models import Workspace
from gallery import archive, collections, favourites, images, notes, trash
from gallery.collections import CollectionRefused
from gallery.models import Collection, Image
from gallery.models.image_sets import ImageQuerySet
from gallery.notes import NoteRefused

MAX_SELECTED = 1_000
_View = Callable[..., HttpResponse]


def _posted(view: _View) -> _View:
    return require_POST(login_required(wraps(view)(view)))


@_posted
def image_trash(request: WorkspaceRequest) -> HttpResponse:
    moved = images.trash(images=selected(request), by=request.user)
    said = {"text": f"{_count(moved)} moved to the trash.", "undo": moved}
    return back(request, render_to_string("gallery/_undo.html", said, request))


@_posted
def image_restore(request: WorkspaceRequest) -> HttpResponse:
    chosen = selected(request, Image.objects.of_members(request.user).exclude(deleted_at=None))
    moved = images.restore(images=chosen, by=request.user)
    return back(request, f"{_count(moved)} restored.")


@_posted
def image_erase(request: WorkspaceRequest) -> HttpResponse:
    """Of this workspace's trash, those selected, or `all` of it."""
    ids = None
    if request.POST.get("all") != "yes":
        in_trash = Image.objects.in_trash(request.workspace)
        ids = [each.pk for each in selected(request, in_trash)]
    gone = trash.empty(workspace=request.workspace, by=request.user, images=ids)
    return back(request, f"{_count(range(gone))} deleted for good.")


@_posted
def image_favourite(request: WorkspaceRequest) -> HttpResponse:
    chosen = selected(request)
    if request.POST.get("favourite") == "no":
        favourites.remove(images=chosen, by=request.user)
        return back(request, f"{_count(chosen)} no longer among your favourites.")
    favourites.add(images=chosen, by=request.user)
    return back(request, f"{_count(chosen)} among your favourites.")


@_posted
def image_collect(request: WorkspaceRequest) -> HttpResponse:
    """Into a collection, or a new one of the name that was given."""
    chosen = selected(request)
    try:
        collection = _collection(request, chosen[0].workspace_id)
        added = collections.add(collection=collection, images=chosen, by=request.user)
    except CollectionRefused as error:
        return refused(request, str(error))
    said = f"{_count(range(added))} added to {collection.name}."
    if not added:
        said = f"Already in {collection.name}."
    return back(request, said)


def _collection(request: WorkspaceRequest, workspace: UUID) -> Collection:
    visible = Collection.objects.visible_to(request.user).filter(workspace=workspace)
    if name := request.POST.get("name", "").strip():
        ours = Workspace.objects.of(request.user).get(pk=workspace)
        return collections.create(workspace=ours, by=request.user, name=name)
    try:
        return get_object_or_404(
            visible.select_related("workspace"), pk=UUID(request.POST.get("collection", ""))
        )
    except ValueError as error:
        raise CollectionRefused("Choose a collection, or name a new one.") from error


@_posted
def image_zip(request: WorkspaceRequest) -> HttpResponse:
    chosen = selected(request)
    if sum(each.size_bytes for each in chosen) > archive.MAX_BYTES:
        return refused(request, "These are more than 2 GB. Select fewer.")
    if len(chosen) > archive.MAX_IMAGES:
        return refused(request, f"At most {archive.MAX_IMAGES} pictures go into one file.")
    connections.give_back()
    response = StreamingHttpResponse(archive.stream(chosen), content_type="application/zip")
    response["Content-Disposition"] = 'attachment; filename="easel-pictures.zip"'
    response["Cache-Control"] = "private, no-store"
    return response  # type: ignore[return-value]


@_posted
def image_note(request: WorkspaceRequest, image_id: UUID) -> HttpResponse:
    visible = Image.objects.visible_to(request.user).select_related("workspace")
    image = get_object_or_404(visible, pk=image_id)
    try:
        notes.write(image=image, by=request.user, text=request.POST.get("note", ""))
    except NoteRefused as error:
        return refused(request, str(error))
    return back(request, "The note is kept." if image.note else "The note is removed.")


def selected(request: WorkspaceRequest, rows: ImageQuerySet | None = None) -> list[Image]:
    """In the order in which they were sent. One that is not there makes all of it a 404."""
    try:
        ids = list(dict.fromkeys(UUID(text) for text in request.POST.getlist("image")))
    except ValueError as error:
        raise Http404 from error
    if not 1 <= len(ids) <= MAX_SELECTED:
        raise Http404
    rows = Image.objects.visible_to(request.user) if rows is None else rows
    found = rows.in_bulk(ids)
    if len(found) != len(ids):
        raise Http404
    return [found[pk] for pk in ids]


def _count(found: Any) -> str:
    return "1 picture" if len(found) == 1 else f"{len(found):,} pictures"


def back(request: WorkspaceRequest, said: str) -> HttpResponse:
    messages.success(request, said)
    if request.htmx:
        response = render(request, "_messages.html")
        response["X-Easel"] = "fragment"
        return response
    return redirect(_next(request))


def refused(request: WorkspaceRequest, said: str) -> HttpResponse:
    messages.error(request, said)
    if request.htmx:
        response = render(request, "_messages.html", status=422)
        response["X-Easel"] = "fragment"
        return response
    return redirect(_next(request))


def _next(request: WorkspaceRequest) -> str:
    """Only within this site."""
    address = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(address, {request.get_host()})
    return address if is_ours and address.startswith("/") else reverse("gallery:image_list")
