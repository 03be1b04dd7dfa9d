"""Many originals in one ZIP, written while it is sent: never more than one of them in memory.

Pictures are packed already, so nothing is compressed. `recipes.json` comes last and says of each
file what it was made by, and of what could not be read that it is missing.
"""

import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

from gallery import downloads, images
from gallery.images import StorageError
from gallery.models import Image

MAX_IMAGES = 500
MAX_BYTES = 2 * 1024**3
_PIECE = 256 * 1024
_COLUMNS = (
    *("kind", "model", "prompt", "negative_prompt", "seed", "steps", "cfg_scale", "text_mode"),
    *("engine", "width", "height", "size_bytes", "sha256", "price_micros", "note"),
)


class _Pipe(io.RawIOBase):
    """What is written is held until it is taken; nothing can be read again."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._held += data
        return len(data)

    def take(self) -> bytes:
        held, self._held = bytes(self._held), bytearray()
        return held


def stream(chosen: Sequence[Image]) -> Iterator[bytes]:
    """The ZIP's bytes, piece by piece."""
    pipe, recipes = _Pipe(), []
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for image in chosen:
            recipe = {"file": downloads.name(image, image.content_type), **recipe_of(image)}
            try:
                yield from _packed(archive, pipe, recipe["file"], image)
            except (StorageError, FileNotFoundError):
                recipe |= {"file": None, "missing": True}
            recipes.append(recipe)
        text = json.dumps(recipes, ensure_ascii=False, indent=2)
        archive.writestr("recipes.json", text)
        yield pipe.take()
    yield pipe.take()


def _packed(archive: zipfile.ZipFile, pipe: _Pipe, name: str, image: Image) -> Iterator[bytes]:
    with images.reader(image.original) as file:
        info = zipfile.ZipInfo(name, image.created_at.timetuple()[:6])
        with archive.open(info, "w", force_zip64=False) as entry:
            while piece := file.read(_PIECE):
                entry.write(piece)
                yield pipe.take()
    yield pipe.take()


def recipe_of(image: Image) -> dict[str, Any]:
    return {
        "id": str(image.pk),
        "created": image.created_at.isoformat(),
        "parent": str(image.parent_id) if image.parent_id else None,
        **{column: getattr(image, column) for column in _COLUMNS},
    }
