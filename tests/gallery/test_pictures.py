"""Every kind of file that people send ends as a picture or as one sentence."""

import contextlib
import io
import random
import tracemalloc

import numpy as np
import pytest
from PIL import Image, ImageFile, ImageOps

from gallery import pictures
from gallery.pictures import PictureError
from tests.gallery import makers
from tests.gallery.makers import chunk, encoded, jpeg, photo, png, png_of, webp

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
XXE = b'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>'
MPO = encoded(photo(), "MPO", save_all=True, append_images=[photo()])
BAD_CRC = png()[:-16] + bytes(4) + png()[-12:]
FLAT_1_BIT = encoded(Image.new("1", (16_000, 1_000)), "PNG")
ANIMATED = chunk(b"acTL", (500).to_bytes(4, "big") + bytes(4))

REFUSED = {
    "empty": (b"", "empty"),
    "1 byte": (b"\xff", "cannot be read as"),
    "text": (b"just some words", "cannot be read as"),
    "HTML": (b"<!doctype html><script>alert(1)</script>", "cannot be read as"),
    "SVG with script": (SVG, "cannot be read as"),
    "SVG XXE": (XXE, "cannot be read as"),
    "PDF": (encoded(photo(), "PDF"), "PDF files are not taken"),
    "EPS": (encoded(photo(), "EPS"), "EPS files are not taken"),
    "TIFF": (encoded(photo(), "TIFF"), "TIFF files are not taken"),
    "GIF": (encoded(photo(), "GIF"), "GIF files are not taken"),
    "AVIF": (encoded(photo(), "AVIF"), "AVIF files are not taken"),
    "BMP": (encoded(photo(), "BMP"), "BMP files are not taken"),
    "ICO": (encoded(photo(), "ICO"), "ICO files are not taken"),
    "MPO": (MPO, "MPO files are not taken"),
    "4097x4096": (png_of(4097, 4096), "4097 x 4096 pixels"),
    "4096x4097": (png_of(4096, 4097), "4096 x 4097 pixels"),
    "1x16.7M": (png_of(1, 16_777_216), "1 x 16777216 pixels"),
    "16000x1000 1-bit": (FLAT_1_BIT, "16000 x 1000 pixels"),
    "header-only huge PNG": (png_of(50_000, 50_000)[:60], "damaged"),
    "huge PNG": (png_of(50_000, 50_000), "50000 x 50000 pixels"),
    "huge JPEG": (makers.jpeg_saying(65_000, 65_000), "65000 x 65000 pixels"),
    "huge WebP": (makers.webp_of(16_384, 16_384), "damaged"),
    "0x0": (png_of(0, 0), "damaged"),
    "a second header": (makers.with_chunk(b"IHDR", png_of(4096, 4096)[16:29]), "damaged"),
    "text before the header": (
        makers.PNG_START + makers.chunk(b"tEXt", b"a\0" + bytes(20)) + png()[8:],
        "damaged",
    ),
    "a filter that is none": (png_of(8, 8, pixels=(b"\7" + bytes(24)) * 8), "damaged"),
    "pixels missing": (png_of(64, 64, pixels=b"\0" * 100), "damaged"),
    "truncated PNG": (png()[:-100], "damaged"),
    "PNG without its end": (png()[:-12], "damaged"),
    "truncated JPEG": (jpeg()[:-200], "damaged"),
    "truncated WebP": (webp()[:-100], "damaged"),
    "bad CRC": (BAD_CRC, "damaged"),
    "zTXt bomb": (makers.with_chunk(b"zTXt", b"k\0\0" + makers.bomb(100)), "damaged"),
    "iTXt bomb": (makers.with_chunk(b"iTXt", b"k\0\1\0\0\0" + makers.bomb(100)), "damaged"),
    "iCCP bomb": (makers.with_chunk(b"iCCP", b"k\0\0" + makers.bomb(100)), "damaged"),
    "a million chunks": (png()[:33] + chunk(b"teXt", b"") * 60_000, "damaged"),
    "APNG 500 frames": (makers.moving("PNG", 500), "Moving"),
    "APNG by its header": (png()[:33] + ANIMATED + png()[33:], "Moving"),
    "animated WebP": (makers.moving("WEBP", 3), "Moving"),
    "a thousand scans": (jpeg()[:-2] + b"\xff\xda\0\2" * 1_000 + b"\xff\xd9", "intricate"),
    "larger than 20 MB": (png() + bytes(20 * 1024 * 1024), "larger than 20 MB"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_a_sentence(name: str) -> None:
    data, words = REFUSED[name]
    with pytest.raises(PictureError) as refusal:
        pictures.normalise(data)
    assert words in refusal.value.sentence
    assert refusal.value.sentence.endswith(".")


@pytest.mark.parametrize("name", [name for name in REFUSED if "larger" not in name])
def test_an_engine_may_send_no_such_thing_either(name: str) -> None:
    with pytest.raises(PictureError):
        pictures.verify(REFUSED[name][0])


@pytest.mark.parametrize(
    "name", ["4097x4096", "4096x4097", "1x16.7M", "16000x1000 1-bit", "huge PNG", "huge JPEG"]
)
def test_what_is_too_large_is_never_decoded(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda _: pytest.fail("decoded"))
    with pytest.raises(PictureError):
        pictures.normalise(REFUSED[name][0])


@pytest.mark.parametrize("name", ["zTXt bomb", "iTXt bomb", "iCCP bomb", "huge WebP"])
def test_a_bomb_takes_little_memory(name: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(PictureError):
            pictures.normalise(REFUSED[name][0])
        assert tracemalloc.get_traced_memory()[1] < 8 * 1024 * 1024
    finally:
        tracemalloc.stop()


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def difference(one: Image.Image, other: Image.Image) -> float:
    """The mean of what the channels differ by, from 0 to 255."""
    first, second = (np.asarray(each.convert("RGB"), np.int16) for each in (one, other))
    return float(np.abs(first - second).mean())


@pytest.mark.parametrize(
    ("data", "content_type", "suffix"),
    [
        (jpeg(), "image/jpeg", "jpg"),
        (jpeg(progressive=True), "image/jpeg", "jpg"),
        (png(), "image/png", "png"),
        (webp(), "image/jpeg", "jpg"),
        (webp(exif=makers.exif()), "image/jpeg", "jpg"),
        (webp(lossless=True), "image/png", "png"),
    ],
)
def test_a_photo_is_kept(data: bytes, content_type: str, suffix: str) -> None:
    kept = pictures.normalise(data)
    assert (kept.content_type, kept.suffix) == (content_type, suffix)
    assert (kept.width, kept.height) == opened(kept.data).size == (64, 48)
    assert difference(opened(kept.data), photo()) < 6


def test_a_see_through_webp_stays_see_through() -> None:
    clear = Image.new("RGBA", (8, 8), (1, 2, 3, 0))
    kept = pictures.normalise(encoded(clear, "WEBP"))
    assert kept.content_type == "image/png"
    assert opened(kept.data).getpixel((0, 0))[3] == 0


def test_the_same_photo_gives_the_same_bytes() -> None:
    assert pictures.normalise(jpeg()).sha256 == pictures.normalise(jpeg()).sha256


@pytest.mark.parametrize("size", [(1, 1), (4096, 1), (1, 4096)])
def test_the_smallest_and_the_longest_are_taken(size: tuple[int, int]) -> None:
    kept = pictures.normalise(encoded(Image.new("RGB", size), "PNG"))
    assert (kept.width, kept.height) == size


@pytest.mark.parametrize("tail", [b"<script>alert(1)</script>", b"PK\x03\x04 a zip"])
@pytest.mark.parametrize("make", [png, jpeg])
def test_a_tail_is_cut_off(make: type, tail: bytes) -> None:
    kept = pictures.normalise(make() + tail)
    assert tail not in kept.data
    assert kept.data == pictures.normalise(make()).data


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_photo_is_set_upright(form: str, orientation: int) -> None:
    data = encoded(photo(), form, exif=makers.exif(orientation=orientation), quality=95)
    kept = opened(pictures.normalise(data).data)
    upright = ImageOps.exif_transpose(opened(data))
    assert kept.size == upright.size == ((64, 48) if orientation < 5 else (48, 64))
    assert difference(kept, upright) < 6


@pytest.mark.parametrize("orientation", [0, 9, 65_535])
def test_an_unknown_orientation_is_ignored(orientation: int) -> None:
    kept = pictures.normalise(jpeg(exif=makers.exif(orientation=orientation)))
    assert (kept.width, kept.height) == (64, 48)


@pytest.mark.parametrize(
    "data",
    [
        jpeg(exif=makers.exif(), comment=b"SecretComment", xmp=b"<x:xmpmeta>SecretXmp"),
        makers.with_text(),
        webp(exif=makers.exif(), xmp=b"<x:xmpmeta>SecretXmp</x:xmpmeta>"),
    ],
)
def test_nothing_that_the_photo_said_of_its_maker_is_kept(data: bytes) -> None:
    assert b"Secret" in data
    kept = pictures.normalise(data).data
    assert b"Secret" not in kept
    assert not opened(kept).getexif()
    assert set(opened(kept).info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_colours_become_srgb(form: str) -> None:
    red = Image.new("RGB", (16, 16), (255, 0, 0))
    data = encoded(red, form, icc_profile=makers.swapped_profile(), quality=95)
    kept = opened(pictures.normalise(data).data)
    assert difference(kept, Image.new("RGB", (16, 16), (0, 255, 0))) < 6
    assert "icc_profile" not in kept.info


def test_a_palette_with_a_profile_becomes_srgb() -> None:
    red = Image.new("RGB", (16, 16), (255, 0, 0)).quantize(4)
    kept = pictures.normalise(encoded(red, "PNG", icc_profile=makers.swapped_profile()))
    assert difference(opened(kept.data), Image.new("RGB", (16, 16), (0, 255, 0))) < 6


def test_a_broken_profile_is_ignored() -> None:
    kept = opened(pictures.normalise(jpeg(icc_profile=b"no profile at all")).data)
    assert difference(kept, photo()) < 6
    assert "icc_profile" not in kept.info


def test_a_cmyk_jpeg_becomes_rgb() -> None:
    kept = opened(pictures.normalise(encoded(photo(mode="CMYK"), "JPEG")).data)
    assert kept.mode == "RGB"
    assert difference(kept, photo()) < 8


def test_a_16_bit_png_keeps_its_tones() -> None:
    grey = np.linspace(0, 65_535, 256).astype(np.uint16)[None, :].repeat(4, axis=0)
    kept = opened(pictures.normalise(encoded(Image.fromarray(grey), "PNG")).data)
    tones = np.asarray(kept.convert("L"), np.int16)[0]
    assert np.abs(tones - np.arange(256)).max() <= 1


def test_a_16_bit_colour_png_keeps_its_tones() -> None:
    row = b"\0" + b"\xff\xff\x80\x00\x00\x00" * 8
    kept = opened(pictures.normalise(png_of(8, 1, depth=16, pixels=row)).data)
    assert kept.getpixel((3, 0)) == (255, 128, 0)


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA"])
def test_other_modes_are_kept_as_they_look(mode: str) -> None:
    source = photo(mode=mode)
    kept = opened(pictures.normalise(encoded(source, "PNG")).data)
    assert kept.mode == ("RGBA" if "A" in mode else "RGB")
    assert difference(kept, source) == 0


def test_a_see_through_colour_stays_see_through() -> None:
    source = Image.new("RGB", (8, 8), (1, 2, 3))
    kept = opened(pictures.normalise(encoded(source, "PNG", transparency=(1, 2, 3))).data)
    assert kept.getpixel((0, 0)) == (1, 2, 3, 0)


def test_a_phone_photo_with_a_gain_map_is_taken() -> None:
    """Ultra HDR: an MPO by its structure, a plain JPEG to all who do not know better."""
    kept = pictures.normalise(
        encoded(
            photo(),
            "MPO",
            save_all=True,
            append_images=[photo()],
            xmp=b'<x:xmpmeta hdrgm:Version="1.0"/>',
        )
    )
    assert kept.content_type == "image/jpeg"


@pytest.mark.parametrize("data", [jpeg(), png(), webp()])
def test_an_engines_picture_is_kept_byte_for_byte(data: bytes) -> None:
    kept = pictures.verify(data)
    assert (kept.data, kept.width, kept.height) == (data, 64, 48)


@pytest.mark.parametrize("make", [jpeg, png, webp])
@pytest.mark.parametrize(
    ("size", "large", "small"),
    [
        ((2048, 1024), (1024, 512), (512, 256)),
        ((600, 300), (600, 300), (512, 256)),
        ((64, 48), (64, 48), (64, 48)),
    ],
)
def test_previews_fit_their_frames(
    make: type, size: tuple[int, int], large: tuple[int, int], small: tuple[int, int]
) -> None:
    made = pictures.previews(make(*size))
    assert opened(made.large).size == large
    assert opened(made.small).size == small
    assert opened(made.large).format == opened(made.small).format == "WEBP"
    assert difference(opened(made.large), photo(*large)) < 6
    assert made.placeholder.startswith("data:image/webp;base64,")
    assert len(made.placeholder) <= 800


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "I;16"])
def test_previews_of_every_mode(mode: str) -> None:
    source = Image.new(mode, (8, 8))
    made = pictures.previews(encoded(source, "PNG"))
    assert opened(made.large).mode == ("RGBA" if "A" in mode else "RGB")


def test_whatever_the_bytes_only_a_sentence_or_a_picture() -> None:
    dice = random.Random(20_250_101)
    good = [
        jpeg(exif=makers.exif(orientation=6)),
        jpeg(progressive=True, icc_profile=makers.swapped_profile()),
        makers.with_text(),
        png(icc_profile=makers.swapped_profile()),
        webp(exif=makers.exif(orientation=3)),
        webp(lossless=True),
    ]
    for turn in range(300):
        data = bytearray(good[turn % len(good)])
        for _ in range(dice.randint(1, 12)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        if dice.random() < 0.3:
            del data[dice.randrange(len(data)) :]
        for verb in (pictures.normalise, pictures.verify, pictures.previews):
            with contextlib.suppress(PictureError):
                verb(bytes(data))
