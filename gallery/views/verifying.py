from typing import Any

from django.core.files import File
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from accounts import tries
from gallery import credentials, recipes
from gallery.codec import CodecBusy
from gallery.pictures import MAX_BYTES, PictureError

_MINUTE = 60
_A_MINUTE = 20
_form = require_http_methods(["GET", "HEAD", "POST"])


@_form
def verify(request: HttpRequest) -> HttpResponse:
    """Shows to everybody what a file says of itself. It is read in a child, and forgotten."""
    if request.method != "POST":
        return _page(request)
    if not tries.allow(request, {"verify:{ip}": _A_MINUTE}, seconds=_MINUTE):
        return _page(
            request, error="That was a little fast. Wait a minute, then go on.", status=429
        )
    file = request.FILES.get("file")
    if file is None:
        return _page(request, error="Choose a picture.", status=422)
    try:
        found = credentials.inspect(_bounded(file))
    except PictureError as error:
        return _page(request, error=error.sentence, status=422)
    except CodecBusy as error:
        return _page(request, error=error.sentence, status=503)
    return _page(request, name=file.name, found=_told(found))


def _bounded(file: "File[bytes]") -> bytes:
    """Raises PictureError."""
    data: bytes = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise PictureError("This file is larger than 20 MB.")
    return data


def _told(found: dict[str, Any]) -> dict[str, Any]:
    """What was found, in words."""
    return found | {
        "how": recipes.SOURCES.get(found["source"], found["source"]),
        "recipe": recipes.parsed(found["parameters"]),
        "steps": [
            step | {"how": recipes.SOURCES.get(step.get("source", ""), step.get("source", ""))}
            for step in found["steps"]
        ],
        "is_changed": "assertion.dataHash.mismatch" in found.get("failures", []),
    }


def _page(request: HttpRequest, *, status: int = 200, **context: Any) -> HttpResponse:
    context["is_signing"] = credentials.is_on()
    return render(request, "gallery/verify.html", context, status=status)
