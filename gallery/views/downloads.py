from typing import get_args
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseNotModified
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from accounts.middleware import WorkspaceRequest
from gallery import downloads
from gallery.downloads import FORMATS, Choice, Inside
from gallery.models import Image
from gallery.views import files

_COOKIE = "easel_download"
_A_YEAR = 31_536_000


@require_safe
@login_required
def image_download(request: WorkspaceRequest, image_id: UUID) -> HttpResponseBase:
    """`?size=1024&format=webp&inside=nothing`, each of which may be left out.

    Without `inside` it is what this person chose last.
    """
    image = get_object_or_404(Image.objects.visible_to(request.user), pk=image_id)
    choice = chosen(request)
    is_known = request.headers.get("If-None-Match") == downloads.etag(image, choice)
    response = HttpResponseNotModified() if is_known else files.download(image, choice)
    if "inside" in request.GET and response.status_code == 200:
        response.set_cookie(
            _COOKIE,
            choice.inside,
            max_age=_A_YEAR,
            secure=request.is_secure(),
            httponly=True,
            samesite="Lax",
        )
    return response


def remembered(request: HttpRequest) -> Inside:
    return _inside(request.COOKIES.get(_COOKIE, "")) or "recipe"


def chosen(request: HttpRequest) -> Choice:
    """Raises Http404 for what is not on offer."""
    size, form = request.GET.get("size") or "", request.GET.get("format") or ""
    inside = _inside(request.GET["inside"]) if "inside" in request.GET else remembered(request)
    is_on_offer = size in {"", *map(str, downloads.SIDES)} and form in {"", *FORMATS} and inside
    if not is_on_offer or inside is None:
        raise Http404
    return Choice(side=int(size) if size else None, content_type=FORMATS.get(form), inside=inside)


def _inside(text: str) -> Inside | None:
    return next((each for each in get_args(Inside) if each == text), None)
