from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpResponse, HttpResponseBase, HttpResponseNotModified
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts import registry, workspaces
from accounts.middleware import WorkspaceRequest
from gallery import collections, downloads, families, images, notes, pages, recipes, viewing
from gallery.filters import chosen
from gallery.forms import FilterForm
from gallery.images import StorageError
from gallery.models import Collection, CollectionImage, Favourite, Image
from gallery.views import files
from gallery.views.downloads import remembered

_A_YEAR = 31_536_000


@require_safe
@login_required
def image_page(request: WorkspaceRequest, image_id: UUID) -> HttpResponse:
    """The filters of the list that one came from may stand in the address; arrows keep to them."""
    visible = Image.objects.visible_to(request.user)
    visible = visible.annotate(is_favourite=Favourite.of(request.user))
    image = get_object_or_404(visible.select_related("workspace", "created_by"), pk=image_id)
    context = {
        "image": image,
        "recipe": recipes.lines(image),
        "family": families.tree(image),
        "may_make": workspaces.may_make(request.user, image.workspace),
        "note_length": notes.MAX_CHARACTERS,
        "here": request.get_full_path(),
        "inside": remembered(request),
        "sides": downloads.sides(image),
        "actions": [made for action in registry.image_actions if (made := action(image))],
        **_collections(image),
        **_beside(request, image),
    }
    return render(request, "gallery/image_page.html", context)


def _collections(image: Image) -> dict[str, Any]:
    """Those that it is in, and the others."""
    has = CollectionImage.objects.filter(collection=OuterRef("pk"), image=image)
    rows = Collection.objects.filter(workspace=image.workspace_id).annotate(has=Exists(has))
    found: list[Any] = list(rows.order_by("-created_at")[: collections.MAX_COLLECTIONS])
    return {
        "collected_in": [each for each in found if each.has],
        "collections": [each for each in found if not each.has],
    }


def _beside(request: WorkspaceRequest, image: Image) -> dict[str, Any]:
    form = FilterForm(request.GET, workspace=image.workspace)
    filters = form.filters()
    if filters.is_any or form.sort_name:
        rows = chosen(image.workspace, filters, request.user)
        found = pages.beside(rows, pages.sort(filters, form.sort_name), image.pk)
        if found:
            return {"newer": found[0], "older": found[1], "kept": f"?{request.GET.urlencode()}"}
    rows = Image.objects.in_workspace(image.workspace)
    newer, older = rows.newer_than(image).oldest_first(), rows.older_than(image).newest_first()
    return {"newer": newer.first(), "older": older.first(), "kept": ""}


@require_safe
def image_file(request: WorkspaceRequest, image_id: UUID, variant: str) -> HttpResponseBase:
    """The bytes of `original`, `large` (1024 px) or `small` (512 px), as they will ever be.

    While a preview is not made, the original stands in for it, and is not to be kept. In the trash
    an image shows its previews, since one chooses there what comes back.
    """
    image = viewing.seen(request, image_id)
    return _sent(request, image, variant) if image else _searched(request, image_id, variant)


@login_required
def _searched(request: WorkspaceRequest, image_id: UUID, variant: str) -> HttpResponseBase:
    image = get_object_or_404(Image.objects.of_members(request.user), pk=image_id)
    return _sent(request, image, variant)


def _sent(request: WorkspaceRequest, image: Image, variant: str) -> HttpResponseBase:
    keys = {
        "original": image.original,
        "large": image.preview_large,
        "small": image.preview_small,
    }
    is_shown = not image.deleted_at or (image.is_in_trash and variant != "original")
    if variant not in keys or not is_shown:
        raise Http404
    etag = f'"{image.sha256[:32]}-{variant if keys[variant] else "original"}"'
    is_known = request.headers.get("If-None-Match") == etag
    if not is_known and variant == "original" and (found := files.elsewhere(request, image)):
        return found
    response = HttpResponseNotModified() if is_known else _file(image, keys[variant])
    if response.status_code not in {200, 304}:
        return response
    # Of the 304 too: with its headers, a browser renews those of the copy that it has.
    response["ETag"] = etag
    response["Cache-Control"] = (
        f"private, max-age={_A_YEAR}, immutable" if keys[variant] else "private, no-cache"
    )
    return files.guarded(response)


def _file(image: Image, preview: str) -> HttpResponseBase:
    try:
        file = images.reader(preview or image.original)
    except FileNotFoundError as error:
        raise Http404 from error
    except StorageError:
        return files.busy("The storage does not answer.")
    content_type = image.content_type if preview in {"", image.original} else "image/webp"
    name = downloads.name(image, content_type)
    return files.SentFile(file, filename=name, content_type=content_type)
