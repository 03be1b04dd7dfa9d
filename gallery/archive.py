"""Many originals in one ZIP, written while it is sent: never more than one of them in memory.

`recipes.json` comes last and says of each file what it was made by, and of what could not be
read that it is missing.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from accounts import zips
from accounts.registry import ExportFile
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


def stream(chosen: Sequence[Image]) -> Iterator[bytes]:
    """The ZIP's bytes, piece by piece."""
    return zips.stream(_files(chosen))


def _files(chosen: Sequence[Image]) -> Iterator[ExportFile]:
    recipes = []
    for image in chosen:
        name: str | None = downloads.name(image, image.content_type)
        try:
            yield picture(str(name), image)
        except (StorageError, FileNotFoundError):
            name = None
        recipes.append(said_of(image, name))
    yield zips.json_file("recipes.json", recipes)


def picture(name: str, image: Image) -> ExportFile:
    """Raises StorageError, or FileNotFoundError."""
    file = images.reader(image.original)
    return ExportFile(name=name, pieces=_pieces(file), at=image.created_at, is_packed=True)


def _pieces(file: Any) -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE):
            yield piece


def said_of(image: Image, name: str | None) -> dict[str, Any]:
    """In recipes.json. Without a name, its file is missing."""
    return {"file": name, **recipe_of(image), **({} if name else {"missing": True})}


def recipe_of(image: Image) -> dict[str, Any]:
    return {
        "id": str(image.pk),
        "created": image.created_at.isoformat(),
        "parent": str(image.parent_id) if image.parent_id else None,
        **{column: getattr(image, column) for column in _COLUMNS},
    }
