"""Makes N pictures with their files and previews: python -m tests.bench.drawn N EMAIL.

In the own workspace of a person. They are crops of photographs; each has files of its own, of
which few differ.
"""

import io
import os
import sys
from functools import cache

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import transaction  # noqa: E402
from PIL import Image as Pillow  # noqa: E402

from accounts import people  # noqa: E402
from gallery import images, pictures  # noqa: E402
from gallery.models import Image  # noqa: E402
from gallery.pictures import Picture, Previews  # noqa: E402
from tests.browser import photographs  # noqa: E402

_SIZES = ((1360, 768), (1024, 1024), (896, 1184), (1184, 896))


def main(count: int, email: str) -> None:
    owner, workspace = people.with_workspace(email)
    for number in range(count):
        picture, previews = _drawn(*_SIZES[number % len(_SIZES)])
        key = images.stage(picture.data, suffix=picture.suffix)
        small, large = (
            images.stage(each, suffix="webp") for each in (previews.small, previews.large)
        )
        with transaction.atomic():
            images.own(small, large)
            images.store(
                workspace_id=workspace.pk,
                by_id=owner.pk,
                key=key,
                picture=picture,
                kind=Image.Kind.GENERATED,
                prompt=f"a photograph, number {number + 1}",
                preview_small=small,
                preview_large=large,
                placeholder=previews.placeholder,
            )


@cache
def _drawn(width: int, height: int) -> tuple[Picture, Previews]:
    with Pillow.open(io.BytesIO(photographs.of_megapixels(8))) as photograph:
        crop = photograph.convert("RGB").crop((0, 0, width, height))
    file = io.BytesIO()
    crop.save(file, "JPEG", quality=90)
    return pictures.normalise(file.getvalue()), pictures.previews(file.getvalue())


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
