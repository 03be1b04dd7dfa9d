"""Reads the one photo of an edit, however it came: a file, base64, or a data URI."""

import binascii
import re
from typing import Any

import pybase64
from django.core.files.uploadedfile import UploadedFile

from gallery import codec
from gallery.codec import CodecBusy
from gallery.pictures import Picture, PictureError
from studio.api.errors import BadField, Refusal

_DATA_URI = re.compile(r"data:[a-z0-9.+/-]{1,100};base64,", re.IGNORECASE | re.ASCII)
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]{1,20}:", re.IGNORECASE | re.ASCII)


def only(name: str, given: list[Any]) -> bytes:
    """The bytes of the only picture that came as `name`. Raises BadField."""
    if not given:
        raise BadField(name, f"Send the {name}.", code="missing_parameter")
    if len(given) > 1:
        raise BadField(name, f"Send one {name} at a time.")
    return _bytes(name, given[0])


def normalised(name: str, data: bytes) -> Picture:
    try:
        return codec.mask(data) if name == "mask" else codec.normalise(data)
    except CodecBusy as error:
        raise Refusal(503, error.sentence, headers={"Retry-After": "2"}) from error
    except PictureError as error:
        raise BadField(name, error.sentence, code="invalid_image") from error


def _bytes(name: str, value: Any) -> bytes:
    if isinstance(value, UploadedFile):
        with value as file:  # closed at once: up to 20 MB would lie there twice
            data: bytes = file.read()
        return data
    if not isinstance(value, str):
        raise BadField(name, f"{name} is to be a file, base64 text or a data URI.")
    start = _DATA_URI.match(value)
    if start is None and _ADDRESS.match(value):
        raise BadField(name, f"Send the {name} itself: addresses are not fetched.")
    return _decoded(name, value[start.end() :] if start else value)


def _decoded(name: str, text: str) -> bytes:
    """Lines of base64, as some programs write them, are joined."""
    try:
        return pybase64.b64decode("".join(text.split()).encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise BadField(name, f"{name} is not base64.", code="invalid_image") from error
