"""A masked edit: the result inside, the photo outside, a soft seam between."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageDraw

from gallery import codec, composition, pictures, pixels
from gallery.composition import Composed
from gallery.pictures import Picture, PictureError
from tests.gallery import makers
from tests.gallery.makers import encoded, jpeg
from tests.studio.makers import png

Box = tuple[int, int, int, int]
Compose = Callable[..., Composed]
RED, BLUE = (255, 0, 0), (0, 0, 255)
SQUARE = (96, 96, 160, 160)


def mask(width: int = 256, height: int = 256, hole: Box | None = None) -> bytes:
    """Opaque, but for the hole."""
    image = Pillow.new("RGBA", (width, height), (0, 0, 0, 255))
    if hole:
        image.paste((0, 0, 0, 0), hole)
    return encoded(image, "PNG")


@pytest.fixture(params=[composition.compose, codec.compose], ids=["here", "in a child"])
def compose(request: pytest.FixtureRequest) -> Compose:
    def composed(*, feather: int = 4, **pictures: bytes) -> Composed:
        return request.param(feather=feather, **pictures)  # type: ignore[no-any-return]

    return composed


def opened(data: bytes) -> Pillow.Image:
    return Pillow.open(io.BytesIO(data))


def pixels_of(made: Composed) -> Any:
    return opened(made.picture.data).convert("RGB").load()


def array(data: bytes) -> Any:
    return np.asarray(opened(data).convert("RGB")).astype(int)


def grown(size: tuple[int, int], box: Box, by: int) -> Any:
    """True within the box and `by` pixels around it."""
    image = Pillow.new("1", size)
    left, top, right, bottom = box
    ImageDraw.Draw(image).rectangle((left - by, top - by, right + by - 1, bottom + by - 1), fill=1)
    return np.asarray(image)


def test_inside_outside_and_seam(compose: Compose) -> None:
    made = compose(
        original=png(256, 256, "red"), result=png(256, 256, "blue"), mask=mask(hole=SQUARE)
    )
    found, picture = pixels_of(made), made.picture
    assert (picture.content_type, picture.width, picture.height) == ("image/png", 256, 256)
    assert found[128, 128] == BLUE
    assert all(found[at] == RED for at in ((0, 0), (88, 128), (168, 128), (128, 88)))
    assert found[96, 128] not in {RED, BLUE}


def test_a_mask_without_a_hole_changes_nothing(compose: Compose) -> None:
    made = compose(original=png(64, 64, "red"), result=png(64, 64, "blue"), mask=mask(64, 64))
    assert pixels_of(made)[32, 32] == RED
    assert made.changed_outside_percent == 100


@pytest.mark.parametrize("keep", [pictures.mask, codec.mask])
def test_a_mask_lets_something_through(keep: Callable[[bytes], Picture]) -> None:
    kept = keep(mask(hole=SQUARE))
    assert (kept.content_type, kept.width, kept.height) == ("image/png", 256, 256)
    faint = Pillow.new("RGBA", (64, 48), (0, 0, 0, 255))
    faint.putpixel((63, 47), (0, 0, 0, 254))
    assert keep(encoded(faint, "PNG")).width == 64
    for opaque in (mask(), png(64, 48), encoded(Pillow.new("L", (64, 48)), "PNG"), jpeg()):
        with pytest.raises(PictureError, match="Nothing in this mask is see-through"):
            keep(opaque)


def test_a_result_of_another_size_is_fitted(compose: Compose) -> None:
    made = compose(
        original=png(256, 256, "red"), result=png(64, 64, "blue"), mask=mask(hole=SQUARE)
    )
    assert (made.picture.width, made.picture.height) == (256, 256)
    assert pixels_of(made)[128, 128] == BLUE


def test_a_result_that_is_none(compose: Compose) -> None:
    with pytest.raises(PictureError):
        compose(original=png(64, 64), result=b"no picture", mask=mask(64, 64))


@pytest.mark.parametrize("feather", [0, 1, 2, 5, 16, 40])
@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_beyond_the_feather_every_pixel_is_the_photos(
    form: str, orientation: int, feather: int
) -> None:
    """As the photo decodes; a PNG as the person's own file does, seen upright."""
    exif = makers.exif(orientation=orientation)
    sent = encoded(
        makers.photo(300, 200), form, exif=exif, **({"lossless": True} if form == "WEBP" else {})
    )
    kept = pictures.normalise(sent)
    size = (kept.width, kept.height)
    assert size == ((200, 300) if orientation == 6 else (300, 200))
    box = (80, 90, 130, 120)
    result = encoded(Pillow.effect_noise(size, 90).convert("RGB"), "PNG")
    made = composition.compose(
        original=kept.data, result=result, mask=mask(*size, hole=box), feather=feather
    )
    differs = (array(made.picture.data) != array(kept.data)).any(axis=2)
    assert not (differs & ~grown(size, box, feather)).any()
    assert differs[grown(size, box, -feather)].mean() > 0.9 if feather < 10 else True
    if form == "PNG":
        upright = pixels.upright(opened(sent))  # type: ignore[arg-type]
        assert (array(kept.data) == np.asarray(upright.convert("RGB"))).all()


def test_a_hard_edge_is_hard(compose: Compose) -> None:
    made = compose(
        original=png(256, 256, "red"),
        result=png(256, 256, "blue"),
        mask=mask(hole=SQUARE),
        feather=0,
    )
    found = array(made.picture.data)
    inside = grown((256, 256), SQUARE, 0)
    assert (found[inside] == BLUE).all()
    assert (found[~inside] == RED).all()


def test_a_smaller_mask_is_brought_to_the_photo(compose: Compose) -> None:
    made = compose(
        original=png(512, 256, "red"),
        result=png(512, 256, "blue"),
        mask=mask(128, 64, hole=(32, 16, 64, 32)),
        feather=6,
    )
    found = array(made.picture.data)
    box = (128, 64, 256, 128)
    assert (found[grown((512, 256), box, -8)] == BLUE).all()
    assert (found[~grown((512, 256), box, 8)] == RED).all()


@pytest.mark.parametrize(("level", "area"), [(128, 0), (136, 0), (137, 32 * 32)])
def test_how_much_would_have_changed_outside(compose: Compose, level: int, area: int) -> None:
    """A difference of 8 in 255 is one that nobody sees; what changed inside is not counted."""
    hole = (32, 0, 64, 16)
    result = Pillow.new("RGB", (64, 64), (128, 128, 128))
    result.paste((level, 128, 128), (32, 16, 64, 48))
    result.paste((0, 0, 0), hole)
    made = compose(
        original=png(64, 64, "#808080"),
        result=encoded(result, "PNG"),
        mask=mask(64, 64, hole=hole),
        feather=0,
    )
    assert made.changed_outside_percent == pytest.approx(100 * area / (64 * 64 - 32 * 16))


def test_a_region_that_is_everything_has_no_outside(compose: Compose) -> None:
    everything = mask(64, 64, hole=(0, 0, 64, 64))
    made = compose(original=png(64, 64, "red"), result=png(64, 64, "blue"), mask=everything)
    assert made.changed_outside_percent == 0
    assert pixels_of(made)[0, 0] == BLUE


def test_a_see_through_photo_stays_so(compose: Compose) -> None:
    photo = Pillow.new("RGBA", (64, 64), (255, 0, 0, 90))
    made = compose(
        original=encoded(photo, "PNG"),
        result=png(64, 64, "blue"),
        mask=mask(64, 64, hole=(20, 20, 40, 40)),
    )
    found = opened(made.picture.data)
    assert found.getpixel((2, 2)) == (255, 0, 0, 90)
    assert found.getpixel((30, 30)) == (0, 0, 255, 255)


def test_an_engines_picture_that_lies_on_its_side_is_composed_as_it_is_seen(
    compose: Compose,
) -> None:
    """The mask was painted on it as browsers show it."""
    lying = makers.jpeg(64, 48, exif=makers.exif(orientation=6), quality=95)
    made = compose(original=lying, result=png(48, 64, "blue"), mask=mask(48, 64))
    seen = pixels.upright(opened(lying))  # type: ignore[arg-type]
    assert (array(made.picture.data) == np.asarray(seen.convert("RGB"))).all()


def test_the_usual_feather_grows_with_the_photo() -> None:
    assert [composition.usual_feather(side, 4096) for side in (64, 1024, 4096)] == [2, 16, 64]
