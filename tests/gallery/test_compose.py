"""A masked edit: the result inside, the photo outside, a soft seam between."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image as Pillow

from gallery import codec, pictures
from gallery.pictures import Picture, PictureError
from tests.gallery.makers import encoded
from tests.studio.makers import png


def mask(
    width: int = 256, height: int = 256, hole: tuple[int, int, int, int] | None = None
) -> bytes:
    """Opaque, but for the hole."""
    image = Pillow.new("RGBA", (width, height), (0, 0, 0, 255))
    if hole:
        image.paste((0, 0, 0, 0), hole)
    return encoded(image, "PNG")


RED, BLUE = (255, 0, 0), (0, 0, 255)
SQUARE = (96, 96, 160, 160)


@pytest.fixture(params=[pictures.compose, codec.compose], ids=["here", "in a child"])
def compose(request: pytest.FixtureRequest) -> Callable[..., Picture]:
    return request.param  # type: ignore[no-any-return]


def pixels(picture: Picture) -> Any:
    return Pillow.open(io.BytesIO(picture.data)).convert("RGB").load()


def test_inside_outside_and_seam(compose: Callable[..., Picture]) -> None:
    made = compose(
        original=png(256, 256, "red"), result=png(256, 256, "blue"), mask=mask(hole=SQUARE)
    )
    found = pixels(made)
    assert (made.content_type, made.width, made.height) == ("image/png", 256, 256)
    assert found[128, 128] == BLUE
    assert all(found[at] == RED for at in ((0, 0), (88, 128), (168, 128), (128, 88)))
    assert found[96, 128] not in {RED, BLUE}


def test_a_mask_without_a_hole_changes_nothing(compose: Callable[..., Picture]) -> None:
    found = pixels(
        compose(original=png(64, 64, "red"), result=png(64, 64, "blue"), mask=mask(64, 64))
    )
    assert found[32, 32] == RED


def test_a_result_of_another_size_is_fitted(compose: Callable[..., Picture]) -> None:
    made = compose(
        original=png(256, 256, "red"), result=png(64, 64, "blue"), mask=mask(hole=SQUARE)
    )
    assert (made.width, made.height) == (256, 256)
    assert pixels(made)[128, 128] == BLUE


def test_a_result_that_is_none(compose: Callable[..., Picture]) -> None:
    with pytest.raises(PictureError):
        compose(original=png(64, 64), result=b"no picture", mask=mask(64, 64))
