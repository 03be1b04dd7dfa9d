from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.middleware import WorkspaceRequest
from gallery.models import Image

PAGE_SIZE = 40


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
