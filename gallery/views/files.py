"""Bytes of images, sent so that nothing in them can run."""

from django.conf import settings
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.utils.http import content_disposition_header

from gallery import downloads, stores
from gallery.codec import CodecBusy
from gallery.downloads import Choice
from gallery.images import StorageError
from gallery.models import Image
from gallery.pictures import SUFFIXES, PictureError


class SentFile(FileResponse):
    """In a few pieces. Of Django's, of 4 KB, a picture has hundreds, each handed to the server."""

    block_size = 256 * 1024


def guarded(response: HttpResponseBase) -> HttpResponseBase:
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"  # nothing in it may run
    return response


def elsewhere(request: HttpRequest, image: Image) -> HttpResponseBase | None:
    """A redirect to the original in the storage, for a browser that reaches it; else None.

    Who is sent there may read for five minutes at most, whatever becomes of them here meanwhile
    (decision 0020). The name tells no prompt: servers write addresses into their logs.
    """
    if not (settings.S3_PUBLIC_ENDPOINT_URL and request.method == "GET"):
        return None
    from gallery import bucket  # noqa: PLC0415 - loaded only where it is used

    name = f"easel-{str(image.pk)[-8:]}.{SUFFIXES[image.content_type]}"
    told = {
        "response-cache-control": f"private, max-age={bucket.LIFE_SECONDS}, immutable",
        "response-content-disposition": content_disposition_header("download" in request.GET, name),
        "response-content-type": image.content_type,
    }
    response = HttpResponseRedirect(stores.current.address(image.original, told))
    response["Cache-Control"] = f"private, max-age={bucket.seconds_left()}"
    return response


def busy(sentence: str) -> HttpResponse:
    headers = {"Retry-After": "2"}
    return HttpResponse(sentence, status=503, content_type="text/plain", headers=headers)


def download(
    image: Image, choice: Choice, *, is_attachment: bool = True, name: str = ""
) -> HttpResponseBase:
    """What was sent is kept by nobody without asking again. The usual `name` tells the prompt."""
    try:
        made = downloads.make(image, choice)
    except FileNotFoundError as error:
        raise Http404 from error
    except StorageError:
        return busy("The storage does not answer.")
    except (CodecBusy, PictureError) as error:
        return busy(error.sentence)
    response = StreamingHttpResponse(made.pieces, content_type=made.content_type)
    response["Content-Length"] = str(made.size_bytes)
    response["ETag"] = downloads.etag(image, choice)
    response["Cache-Control"] = "private, no-cache"
    file_name = downloads.name(image, made.content_type, name)
    response["Content-Disposition"] = str(content_disposition_header(is_attachment, file_name))
    return guarded(response)
