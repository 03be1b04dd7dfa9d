"""What a person takes home: an image in a size, a format, and with or without words in the file.

The original is sent as it is kept, with words spliced in or out; what is smaller or of another
format is made in a reader's process.

    StorageError, FileNotFoundError, CodecBusy, PictureError     as gallery.images and gallery.codec
"""

import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Literal

from django.conf import settings

from gallery import codec, credentials, families, images, recipes, splices
from gallery.credentials import Part
from gallery.models import Image
from gallery.pictures import MAX_SIDE, SUFFIXES
from gallery.splices import Splice, SpliceError, Words

SIDES = (2048, 1024, 512)
FORMATS = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp"}
# An edit's chain is signed so far back; each takes some 30 ms for a megapixel.
_MAX_ANCESTORS = 3
# A new way of writing makes new files of the same choice.
_EDITION = "1"
_MAX_NAME = 60

# The recipe and the mark; the mark that says how the picture came to be; nothing at all
Inside = Literal["recipe", "mark", "nothing"]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """`side` None: as large as it is. `content_type` None: as it is kept."""

    side: int | None = None
    content_type: str | None = None
    inside: Inside = "recipe"


@dataclass(frozen=True, kw_only=True)
class Download:
    pieces: Iterator[bytes] = field(repr=False)
    size_bytes: int
    content_type: str


def etag(image: Image, choice: Choice) -> str:
    """The same for the same bytes."""
    told: tuple[object, ...] = (
        image.sha256,
        choice.side,
        choice.content_type,
        choice.inside,
        _EDITION,
    )
    if is_signed(image, choice):  # no two signatures are the same
        told = (*told, settings.C2PA_CERTIFICATE)
        return f'W/"{hashlib.sha256(repr(told).encode()).hexdigest()[:32]}"'
    return f'"{hashlib.sha256(repr(told).encode()).hexdigest()[:32]}"'


def name(image: Image, content_type: str, words: str = "") -> str:
    """Of the file, from the prompt or other words: letters, digits and hyphens of any script."""
    words = "-".join(re.findall(r"\w+", (words or image.prompt).lower().replace("_", " ")))
    start = words[:_MAX_NAME].strip("-") or "easel"
    return f"{start}-{str(image.pk)[-8:]}.{SUFFIXES[content_type]}"


def sides(image: Image) -> list[int]:
    """The smaller sizes that there are."""
    return [side for side in SIDES if side < max(image.width, image.height)]


def make(image: Image, choice: Choice) -> Download:
    content_type = choice.content_type or image.content_type
    file = _kept(image, choice, content_type)
    words = _words(image, choice.inside)
    try:
        spliced = splices.plan(file, content_type=content_type, words=words)
    except SpliceError:  # good for every reader, but not for us: so it is written anew
        file.close()
        file = _made(image, MAX_SIDE, content_type)
        spliced = splices.plan(file, content_type=content_type, words=words)
    pieces, size_bytes = _pieces(spliced, file), spliced.size_bytes
    if is_signed(image, choice):
        signed = _signed(image, choice, content_type, b"".join(pieces))
        pieces, size_bytes = iter((signed,)), len(signed)
    return Download(pieces=pieces, size_bytes=size_bytes, content_type=content_type)


def is_signed(image: Image, choice: Choice) -> bool:
    """What somebody brought is not ours to vouch for."""
    is_made = image.kind != Image.Kind.UPLOAD
    return is_made and choice.inside != "nothing" and credentials.is_on()


def _signed(image: Image, choice: Choice, content_type: str, data: bytes) -> bytes:
    """With the last of those that it was made from, signed as they would be by themselves."""
    parts: list[Part] = []
    for each in families.line(image)[:-1][-_MAX_ANCESTORS:]:
        try:
            whole = _whole(each, choice.inside)
        except (FileNotFoundError, SpliceError):
            parts = []  # the chain begins after what is lost
        else:
            parts.append(_part(each, each.content_type, whole, has_parent=bool(parts)))
    parts.append(_part(image, content_type, data, has_parent=bool(parts)))
    return credentials.sign(parts)


def _whole(image: Image, inside: Inside) -> bytes:
    """As it is kept, and with words in it as in what was made of it."""
    file = images.reader(image.original)
    words = _words(image, inside)
    spliced = splices.plan(file, content_type=image.content_type, words=words)
    return b"".join(_pieces(spliced, file))


def _part(image: Image, content_type: str, data: bytes, *, has_parent: bool) -> Part:
    """Named by its number alone: the name of an original would tell its prompt."""
    title = name(image, content_type, "easel")
    source = recipes.source_type(image)
    claim = credentials.manifest(
        title=title, content_type=content_type, source=source, has_parent=has_parent
    )
    return Part(
        title=title, content_type=content_type, data=data, manifest=claim if source else None
    )


def _pieces(spliced: Splice, file: IO[bytes]) -> Iterator[bytes]:
    with file:
        yield from spliced.read(file)


def _kept(image: Image, choice: Choice, content_type: str) -> IO[bytes]:
    """The bytes that hold this size and format: kept ones, if there are such."""
    side = choice.side if choice.side in sides(image) else None
    previews = {1024: image.preview_large, 512: image.preview_small}
    key = previews.get(side or 0, "") if content_type == "image/webp" else ""
    if key and key != image.original:
        return images.reader(key)
    if side is None and content_type == image.content_type:
        return images.reader(image.original)
    return _made(image, side or MAX_SIDE, content_type)


def _made(image: Image, side: int, content_type: str) -> IO[bytes]:
    data = images.read(image.original)
    return io.BytesIO(codec.convert(data, side=side, content_type=content_type).data)


def _words(image: Image, inside: Inside) -> Words:
    source = recipes.source_type(image) if inside != "nothing" else ""
    if not source:
        return Words()
    is_recipe = inside == "recipe"
    return Words(
        parameters=recipes.parameters(image) if is_recipe else "",
        xmp=recipes.xmp(image, source=source, with_recipe=is_recipe),
    )
