from typing import Any
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

from accounts import registry
from accounts.middleware import WorkspaceRequest
from gallery import images
from gallery.images import StorageError
from gallery.models import Image

PAGE_SIZE = 40
_A_YEAR = 31_536_000


@require_safe
@login_required
def image_list(request: WorkspaceRequest) -> HttpResponse:
    """Newest first; `?before=<image>` goes on below that image."""
    rows = Image.objects.in_workspace(request.workspace)
    before = _image_named(request, request.GET.get("before"))
    if before:
        rows = rows.older_than(before)
    page = list(rows.newest_first()[: PAGE_SIZE + 1])
    context: dict[str, Any] = {
        "images": page[:PAGE_SIZE],
        "next": page[PAGE_SIZE - 1] if len(page) > PAGE_SIZE else None,
        "is_first": before is None,
    }
    return render(request, "gallery/image_list.html", context)


def _image_named(request: WorkspaceRequest, text: str | None) -> Image | None:
    if not text:
        return None
    try:
        return get_object_or_404(Image.objects.in_workspace(request.workspace), pk=UUID(text))
    except ValueError as error:
        raise Http404 from error


@require_safe
@login_required
def image_page(request: WorkspaceRequest, image_id: UUID) -> HttpResponse:
    image = get_object_or_404(
        Image.objects.visible_to(request.user).select_related("parent", "created_by"), pk=image_id
    )
    context = {
        "image": image,
        "children": image.children.filter(deleted_at=None).order_by("created_at"),
        "actions": [action(image) for action in registry.image_actions],
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
    response["ETag"] = etag
    response["Cache-Control"] = (
        f"private, max-age={_A_YEAR}, immutable" if keys[variant] else "private, no-cache"
    )
    if "download" in request.GET:
        response["Content-Disposition"] = f'attachment; filename="{_file_name(image)}"'
    return response


def _file(image: Image, preview: str) -> HttpResponseBase:
    """Under rules by which a browser runs nothing that might be in it."""
    try:
        file = images.reader(preview or image.original)
    except FileNotFoundError as error:
        raise Http404 from error
    except StorageError:
        return HttpResponse("The storage does not answer.", status=503, content_type="text/plain")
    response = FileResponse(
        file,
        content_type=image.content_type if preview in {"", image.original} else "image/webp",
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def _file_name(image: Image) -> str:
    suffix = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}[image.content_type]
    return f"easel-{image.created_at:%Y%m%d}-{str(image.pk)[-8:]}.{suffix}"
