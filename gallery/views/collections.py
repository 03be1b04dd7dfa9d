from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import workspaces
from accounts.middleware import WorkspaceRequest
from gallery import collections
from gallery.collections import CollectionRefused
from gallery.models import Collection, Image
from gallery.views.selection import back, refused, selected

_form = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@login_required
def collection_list(request: WorkspaceRequest) -> HttpResponse:
    """With the cover that was chosen, or the first image that is not in the trash."""
    rows: list[Any] = list(
        Collection.objects.filter(workspace=request.workspace)
        .with_covers()
        .order_by("-created_at", "-pk")[: collections.MAX_COLLECTIONS]
    )
    covers = Image.objects.in_bulk({each.shown_cover for each in rows if each.shown_cover})
    context = {
        "tab": "collections",
        "collections": [(each, covers.get(each.shown_cover)) for each in rows],
        "may_make": workspaces.may_make(request.user, request.workspace),
    }
    return render(request, "gallery/collection_list.html", context)


@require_POST
@login_required
def collection_create(request: WorkspaceRequest) -> HttpResponse:
    try:
        made = collections.create(
            workspace=request.workspace, by=request.user, name=request.POST.get("name", "")
        )
    except CollectionRefused as error:
        messages.error(request, str(error))
        return redirect("gallery:collection_list")
    return redirect("gallery:collection_page", made.pk)


@_form
@login_required
def collection_change(request: WorkspaceRequest, collection_id: UUID) -> HttpResponse:
    collection = _named(request, collection_id)
    workspaces.check_may_make(request.user, collection.workspace)
    if request.method != "POST":
        return render(request, "gallery/collection_change.html", {"collection": collection})
    try:
        collections.change(
            collection=collection, by=request.user, name=request.POST.get("name", "")
        )
    except CollectionRefused as error:
        context = {"collection": collection, "error": str(error)}
        return render(request, "gallery/collection_change.html", context, status=422)
    return redirect("gallery:collection_page", collection.pk)


@_form
@login_required
def collection_delete(request: WorkspaceRequest, collection_id: UUID) -> HttpResponse:
    collection = _named(request, collection_id)
    workspaces.check_may_make(request.user, collection.workspace)
    if request.method != "POST":
        return render(request, "gallery/collection_delete.html", {"collection": collection})
    collections.delete(collection=collection, by=request.user)
    messages.success(request, f"{collection.name} is gone. Its pictures are in the gallery.")
    return redirect("gallery:collection_list")


@require_POST
@login_required
def collection_remove(request: WorkspaceRequest, collection_id: UUID) -> HttpResponse:
    collection = _named(request, collection_id)
    gone = collections.remove(collection=collection, images=selected(request), by=request.user)
    what = "1 picture" if gone == 1 else f"{gone:,} pictures"
    return back(request, f"{what} taken out of {collection.name}.")


@require_POST
@login_required
def collection_cover(request: WorkspaceRequest, collection_id: UUID) -> HttpResponse:
    collection = _named(request, collection_id)
    try:
        collections.change(collection=collection, cover=selected(request)[0].pk, by=request.user)
    except CollectionRefused as error:
        return refused(request, str(error))
    return back(request, "This is the cover now.")


@require_POST
@login_required
def collection_move(request: WorkspaceRequest, collection_id: UUID) -> HttpResponse:
    """Puts `image` right after the image `after`; first of all without one."""
    collection = _named(request, collection_id)
    after = request.POST.get("after", "")
    try:
        collections.move(
            collection=collection,
            images=[UUID(request.POST.get("image", ""))],
            after=UUID(after) if after else None,
            by=request.user,
        )
    except ValueError as error:
        raise Http404 from error
    except CollectionRefused as error:
        return refused(request, str(error))
    return back(request, "Moved.")


def _named(request: WorkspaceRequest, collection_id: UUID) -> Collection:
    visible = Collection.objects.visible_to(request.user).select_related("workspace")
    return get_object_or_404(visible, pk=collection_id)
