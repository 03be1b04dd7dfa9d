"""What those see who have a link, and nothing else: each page and file asks the link anew."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.paginator import Paginator
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotModified,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import tries
from gallery import downloads, recipes
from gallery.downloads import FORMATS, Choice
from gallery.models import Image, ShareLink
from gallery.sharing import links, reports
from gallery.sharing.reports import ReportForm
from gallery.views import files

_PAGE_SIZE = 60
_COOKIE = "easel_share"
_SALT = "easel.sharing.open"
_OPEN_SECONDS = 12 * 3600
_TRY_SECONDS = 900
_TRIES_OF_ONE = 10
_TRIES_OF_ALL = 200
_PREVIEW_SIDE = 1024

View = Callable[..., HttpResponseBase]


def _of_link(view: View) -> View:
    """Finds the live link, asks for its password, and hides all from crawlers."""

    @wraps(view)
    def call(request: HttpRequest, token: str, **rest: Any) -> HttpResponseBase:
        link = links.find(token)
        if link is None:
            response: HttpResponseBase = _ended(request)
        elif link.password_hash and not _is_open(request, link):
            response = _locked(request, token)
        else:
            try:
                response = view(request, link, **rest)
            except Http404:
                response = _ended(request)
        return _unlisted(response)

    return call


def _unlisted(response: HttpResponseBase) -> HttpResponseBase:
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive, noimageindex"
    response.setdefault("Cache-Control", "private, no-store")
    return response


def _ended(request: HttpRequest) -> HttpResponse:
    context = {
        "status": 404,
        "title": "This link leads nowhere",
        "advice": "It may have ended, or lack a part. Ask for a new one.",
    }
    return render(request, "error.html", context, status=404)


def _is_open(request: HttpRequest, link: ShareLink) -> bool:
    kept = request.get_signed_cookie(_COOKIE, None, salt=_SALT, max_age=_OPEN_SECONDS)
    return kept == links.seal(link)


def _locked(request: HttpRequest, token: str, *, error: str = "") -> HttpResponse:
    is_page = request.resolver_match and request.resolver_match.view_name == "gallery:share_page"
    status = 422 if error else 200 if is_page else 403
    context = {"token": token, "error": error}
    return render(request, "gallery/sharing/share_locked.html", context, status=status)


@require_POST
def share_open(request: HttpRequest, token: str) -> HttpResponseBase:
    """Takes the password: a few tries for each address, and some for all together."""
    link = links.find(token)
    if link is None:
        return _unlisted(_ended(request))
    limits = {f"share:{link.pk}": _TRIES_OF_ALL, f"share:{link.pk}:{{ip}}": _TRIES_OF_ONE}
    if not tries.allow(request, limits, seconds=_TRY_SECONDS):
        response = _locked(request, token, error="Too many tries. Wait a quarter of an hour.")
        response.status_code = 429
        return _unlisted(response)
    if not links.is_password(link, request.POST.get("password", "")[:128]):
        return _unlisted(_locked(request, token, error="This is not the password."))
    home = reverse("gallery:share_page", args=[token])
    opened = redirect(home)
    opened.set_signed_cookie(
        _COOKIE,
        links.seal(link),
        salt=_SALT,
        path=home,
        max_age=_OPEN_SECONDS,
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )
    return _unlisted(opened)


@require_safe
@_of_link
def share_page(request: HttpRequest, link: ShareLink) -> HttpResponse:
    """The image, or the collection's images. Openings are counted here."""
    if request.method == "GET":
        links.count_view(link)
    if link.image_id:
        image = links.images(link).first()
        return _image_page(request, link, image) if image else _ended(request)
    pages = Paginator(links.images(link), _PAGE_SIZE)
    page = pages.get_page(request.GET.get("page"))
    context = {
        "link": link,
        "collection": link.collection,
        "page": page,
        "count": pages.count,
        "social": _social(link, page[0] if pages.count else None),
    }
    return render(request, "gallery/sharing/share_collection.html", context)


@require_safe
@_of_link
def share_image(request: HttpRequest, link: ShareLink, image_id: UUID) -> HttpResponse:
    """One image of a collection."""
    return _image_page(request, link, _shared(link, image_id))


def _shared(link: ShareLink, image_id: UUID) -> Image:
    return get_object_or_404(links.images(link), pk=image_id)


def _image_page(request: HttpRequest, link: ShareLink, image: Image) -> HttpResponse:
    context = {
        "link": link,
        "image": image,
        "title": image.title if link.shows_recipe else "A picture",
        "recipe": recipes.lines(image) if link.shows_recipe else [],
        "how": recipes.how(image),
        "before": links.before(link, image),
        "sides": downloads.sides(image),
        "social": _social(link, image),
    }
    return render(request, "gallery/sharing/share_image.html", context)


def _social(link: ShareLink, image: Image | None) -> dict[str, Any] | None:
    """What other sites may show of it: nothing, unless its maker let them."""
    if not link.allows_preview or link.password_hash or image is None:
        return None
    scale = min(1, _PREVIEW_SIDE / max(image.width, image.height))
    variant = reverse("gallery:share_file", args=[link.token, image.pk, "preview"])
    return {
        "url": settings.SITE_URL + reverse("gallery:share_page", args=[link.token]),
        "image": settings.SITE_URL + variant,
        "width": round(image.width * scale),
        "height": round(image.height * scale),
    }


@require_safe
@_of_link
def share_file(
    request: HttpRequest, link: ShareLink, image_id: UUID, variant: str
) -> HttpResponseBase:
    """`small`, `large`, `before`; `original` where downloads are allowed; `preview` for others.

    None of them has a word of the recipe in it.
    """
    image: Image | None = _shared(link, image_id)
    if variant == "before" and image:
        image = links.before(link, image)
    choices = {
        "small": Choice(side=512, content_type="image/webp", inside="nothing"),
        "large": Choice(side=1024, content_type="image/webp", inside="nothing"),
        "before": Choice(side=1024, content_type="image/webp", inside="nothing"),
    }
    if link.allows_download:
        choices["original"] = Choice(inside="nothing")
    if link.allows_preview and not link.password_hash:
        choices["preview"] = Choice(side=_PREVIEW_SIDE, content_type="image/jpeg", inside="nothing")
    if image is None or variant not in choices:
        raise Http404
    return _sent(request, image, choices[variant], name="picture")


@require_http_methods(["GET", "HEAD", "POST"])
@_of_link
def share_report(request: HttpRequest, link: ShareLink) -> HttpResponse:
    """`?image=` names one of a collection."""
    image = _reported(request, link)
    form = ReportForm(request.POST if request.method == "POST" else None)
    context = {"link": link, "image": image, "form": form, "error": ""}
    if not form.is_valid():
        status = 422 if form.errors else 200
        return render(request, "gallery/sharing/share_report.html", context, status=status)
    if not tries.allow(request, reports.LIMITS, seconds=reports.LIMIT_SECONDS):
        context["error"] = "So many reports came from here lately. Come again in an hour."
        return render(request, "gallery/sharing/share_report.html", context, status=429)
    reports.make(link=link, image=image, **form.cleaned_data)
    return render(request, "gallery/sharing/share_reported.html", {"link": link})


def _reported(request: HttpRequest, link: ShareLink) -> Image | None:
    """None stands for a whole collection."""
    if link.image_id:
        return links.images(link).first()
    name = request.GET.get("image")
    try:
        return _shared(link, UUID(name)) if name else None
    except ValueError as error:
        raise Http404 from error


@require_safe
@_of_link
def share_download(request: HttpRequest, link: ShareLink, image_id: UUID) -> HttpResponseBase:
    """Says how the picture was made in any case, and the recipe only where the link shows it."""
    image = _shared(link, image_id)
    size, form = request.GET.get("size") or "", request.GET.get("format") or ""
    is_on_offer = size in {"", *map(str, downloads.SIDES)} and form in {"", *FORMATS}
    if not (link.allows_download and is_on_offer):
        raise Http404
    choice = Choice(
        side=int(size) if size else None,
        content_type=FORMATS.get(form),
        inside="recipe" if link.shows_recipe else "mark",
    )
    return _sent(request, image, choice, name="" if link.shows_recipe else "picture", saves=True)


def _sent(
    request: HttpRequest, image: Image, choice: Choice, *, name: str, saves: bool = False
) -> HttpResponseBase:
    if request.headers.get("If-None-Match") == downloads.etag(image, choice):
        return HttpResponseNotModified(headers={"Cache-Control": "private, no-cache"})
    return files.download(image, choice, is_attachment=saves, name=name)
