from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import (
    FileResponse,
    Http404,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotModified,
)
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts import registry, workspaces
from accounts.middleware import WorkspaceRequest
from gallery import downloads, families, images, recipes
from gallery.images import StorageError
from gallery.models import Image
from gallery.views import files
from gallery.views.downloads import remembered

_A_YEAR = 31_536_000


@require_safe
@login_required
def image_page(request: WorkspaceRequest, image_id: UUID) -> HttpResponse:
    visible = Image.objects.visible_to(request.user)
    image = get_object_or_404(visible.select_related("workspace", "created_by"), pk=image_id)
    beside = visible.filter(workspace=image.workspace_id)
    context = {
        "image": image,
        "recipe": recipes.lines(image),
        "family": families.tree(image),
        "newer": beside.newer_than(image).oldest_first().first(),
        "older": beside.older_than(image).newest_first().first(),
        "may_share": workspaces.may_make(request.user, image.workspace),
        "inside": remembered(request),
        "sides": downloads.sides(image),
        "actions": [made for action in registry.image_actions if (made := action(image))],
    }
    return render(request, "gallery/image_page.html", context)


@require_safe
@login_required
def image_file(request: WorkspaceRequest, image_id: UUID, variant: str) -> HttpResponseBase:
    """The bytes of `original`, `large` (1024 px) or `small` (512 px), as they will ever be.

    While a preview is not made, the original stands in for it, and is not to be kept.
    """
    image = get_object_or_404(Image.objects.visible_to(request.user), pk=image_id)
    keys = {
        "original": image.original,
        "large": image.preview_large,
        "small": image.preview_small,
    }
    if variant not in keys:
        raise Http404
    etag = f'"{image.sha256[:32]}-{variant if keys[variant] else "original"}"'
    is_known = request.headers.get("If-None-Match") == etag
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
    return FileResponse(file, filename=name, content_type=content_type)
