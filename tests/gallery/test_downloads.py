"""What is taken home, as an independent reader finds it: Pillow, and the standard library's XML."""

import io
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from django.core.files.storage import default_storage
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from PIL import Image as Pillow
from PIL import ImageCms, PngImagePlugin

from accounts.models import User, Workspace
from gallery import codec, downloads, images, pictures, splices
from gallery.codec import CodecBusy
from gallery.models import Image
from gallery.splices import SpliceError, Words
from tests.gallery.makers import encoded, exif, jpeg, photo, png, webp
from tests.gallery.test_gallery_pages import fetch

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
PROMPT = 'Ein Käfer, "groß"\nand <b>bold</b> 湖 🐞'
PARAMETERS = (
    f"{PROMPT}\nNegative prompt: rain, <fog>\n"
    "Steps: 8, CFG scale: 1.5, Seed: 4711, Size: 64x48, Model: step-image-edit-2, "
    "Text mode: On, Engine: StepFun, Version: Easel"
)
IPTC = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"
SOURCES = "http://cv.iptc.org/newscodes/digitalsourcetype/"


def made(ada: User, workspace: Workspace, data: bytes, **columns: Any) -> Image:
    """As an engine sent it."""
    recipe: dict[str, Any] = {
        "kind": "generated",
        "prompt": PROMPT,
        "negative_prompt": "rain, <fog>",
        "seed": 4711,
        "steps": 8,
        "cfg_scale": 1.5,
        "model": "step-image-edit-2",
        "text_mode": True,
        "engine": "stepfun",
        **columns,
    }
    picture = pictures.verify(data)
    key = images.stage(data, suffix=picture.suffix)
    return images.store(workspace_id=workspace.pk, by_id=ada.pk, key=key, picture=picture, **recipe)


def take(client: Client, image: Image, **query: Any) -> HttpResponse:
    address = reverse("gallery:image_download", args=[image.pk])
    return fetch(client, address, data=query)


def told(data: bytes) -> tuple[str, str]:
    """The recipe and the XMP packet that Pillow finds."""
    with Pillow.open(io.BytesIO(data)) as found:
        xmp = found.info.get("xmp") or found.info.get("XML:com.adobe.xmp", "")
        comment = found.getexif().get_ifd(0x8769).get(0x9286, b"")
        said = found.info.get("parameters") or comment[8:].decode("utf-16-be")
    return said, xmp.decode() if isinstance(xmp, bytes) else xmp


def described(xmp: str) -> dict[str, str]:
    root = ElementTree.fromstring(xmp.encode())  # noqa: S314 - ours
    [description] = root.iter("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description")
    return dict(description.attrib)


def pixels(data: bytes) -> Any:
    return np.asarray(Pillow.open(io.BytesIO(data)).convert("RGBA"))


FILES = {
    "png": png(icc_profile=SRGB),
    "see-through": encoded(photo(mode="RGBA"), "PNG"),
    "jpeg": jpeg(icc_profile=SRGB, comment="SecretComment", exif=exif()),
    "progressive": jpeg(progressive=True),
    "cmyk": encoded(photo(mode="CMYK"), "JPEG"),
    "webp": webp(),
    "lossless": webp(lossless=True),
    "extended": webp(icc_profile=SRGB, exif=exif(), xmp=b"<x>SecretXmp</x>"),
    "see-through webp": encoded(photo(mode="RGBA"), "WEBP"),
}


@pytest.mark.parametrize("form", FILES)
def test_the_recipe_is_in_the_file_and_the_pixels_are_the_same(
    as_ada: Client, ada: User, workspace: Workspace, form: str
) -> None:
    image = made(ada, workspace, FILES[form])
    response = take(as_ada, image)
    said, xmp = told(response.whole)
    assert said == PARAMETERS
    facts = described(xmp)
    assert facts[f"{IPTC}DigitalSourceType"] == SOURCES + "trainedAlgorithmicMedia"
    assert facts[f"{IPTC}AISystemUsed"] == "step-image-edit-2"
    assert facts[f"{IPTC}AIPromptInformation"] == PROMPT
    assert b"Secret" not in response.whole
    assert np.array_equal(pixels(response.whole), pixels(FILES[form]))
    profile = Pillow.open(io.BytesIO(response.whole)).info.get("icc_profile")
    assert profile == Pillow.open(io.BytesIO(FILES[form])).info.get("icc_profile")
    assert response["Content-Length"] == str(len(response.whole))
    assert pictures.verify(response.whole).width == 64


@pytest.mark.parametrize("form", FILES)
def test_or_nothing_but_the_picture(
    as_ada: Client, ada: User, workspace: Workspace, form: str
) -> None:
    """Also of what an engine wrote into it."""
    image = made(ada, workspace, FILES[form])
    response = take(as_ada, image, inside="nothing")
    assert told(response.whole) == ("", "")
    assert b"Secret" not in response.whole
    assert np.array_equal(pixels(response.whole), pixels(FILES[form]))


def test_words_of_an_engine_leave_a_png_too(
    as_ada: Client, ada: User, workspace: Workspace
) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", "SecretRecipe")
    info.add_itxt("workflow", "SecretFlow", zip=True)
    image = made(ada, workspace, png(pnginfo=info, exif=exif()))
    for inside in ("nothing", "mark", "recipe"):
        found = Pillow.open(io.BytesIO(take(as_ada, image, inside=inside).whole))
        found.load()
        assert "Secret" not in repr(found.info)
        assert "workflow" not in found.info
        assert not found.getexif()


def test_the_mark_alone(as_ada: Client, ada: User, workspace: Workspace) -> None:
    said, xmp = told(take(as_ada, made(ada, workspace, png()), inside="mark").whole)
    assert said == ""
    assert "trainedAlgorithmicMedia" in xmp
    assert "Käfer" not in xmp
    assert "step-image" not in xmp


def test_a_photo_that_somebody_brought_tells_nothing(
    as_ada: Client, ada: User, workspace: Workspace
) -> None:
    image = made(ada, workspace, jpeg(), kind="upload", prompt="")
    assert told(take(as_ada, image, inside="recipe").whole) == ("", "")


@pytest.mark.parametrize(
    ("parents", "kind", "engine", "source"),
    [
        ([], "generated", "stepfun", "trainedAlgorithmicMedia"),
        ([("upload", "")], "edited", "stepfun", "compositeWithTrainedAlgorithmicMedia"),
        ([], "generated", "sketch", "algorithmicMedia"),
        ([("upload", "")], "edited", "sketch", "algorithmicMedia"),
        ([("generated", "stepfun")], "edited", "sketch", "compositeWithTrainedAlgorithmicMedia"),
    ],
)
def test_the_mark_says_how_it_was_made(
    as_ada: Client,
    ada: User,
    workspace: Workspace,
    parents: list[tuple[str, str]],
    kind: str,
    engine: str,
    source: str,
) -> None:
    parent = None
    for each, by in parents:
        parent = made(ada, workspace, png(), kind=each, engine=by, parent=parent)
    image = made(ada, workspace, png(), kind=kind, engine=engine, parent=parent)
    xmp = told(take(as_ada, image).whole)[1]
    assert described(xmp)[f"{IPTC}DigitalSourceType"] == SOURCES + source
    assert ("AISystemUsed" in xmp) == (engine != "sketch")


# Sizes and formats


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
@pytest.mark.parametrize("size", ["", "512", "1024"])
def test_sizes_and_formats(
    as_ada: Client, ada: User, workspace: Workspace, form: str, size: str
) -> None:
    image = made(ada, workspace, png(1200, 600))
    images.make_previews(image)
    response = take(as_ada, image, format=form, size=size)
    found = Pillow.open(io.BytesIO(response.whole))
    side = int(size or 1200)
    assert (found.format or "").lower() == form
    assert found.size == (side, side // 2)
    assert response["Content-Type"] == f"image/{form}"
    assert told(response.whole)[0] == PARAMETERS.replace("64x48", "1200x600")


def test_what_is_kept_already_is_not_made_again(
    as_ada: Client, ada: User, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = made(ada, workspace, png(1200, 600))
    images.make_previews(image)
    image.refresh_from_db()
    monkeypatch.setattr(codec, "convert", None)
    for query in ({}, {"size": "2048"}, {"size": "512", "format": "webp"}):
        assert take(as_ada, image, **query).status_code == 200
    plain = take(as_ada, image, size="512", format="webp", inside="nothing").whole
    assert plain == images.read(image.preview_small)


def test_a_file_that_cannot_be_spliced_is_written_anew(
    as_ada: Client, ada: User, workspace: Workspace
) -> None:
    """Readers forgive bytes between the segments of a JPEG; whoever splices may not."""
    good = jpeg()
    image = made(ada, workspace, good[:20] + b"\xff\0" + good[20:])
    response = take(as_ada, image)
    assert told(response.whole)[0].startswith(PROMPT)
    assert Pillow.open(io.BytesIO(response.whole)).size == (64, 48)


@pytest.mark.parametrize(
    "query", [{"size": "3"}, {"size": "x"}, {"format": "gif"}, {"inside": "all"}, {"inside": ""}]
)
def test_what_is_not_on_offer_is_not_found(
    as_ada: Client, ada: User, workspace: Workspace, query: dict[str, str]
) -> None:
    assert take(as_ada, made(ada, workspace, png()), **query).status_code == 404


# Headers, names, and what is remembered


def test_the_headers(as_ada: Client, ada: User, workspace: Workspace) -> None:
    image = made(ada, workspace, png(), prompt="A quiet lake,\r\nat ../dusk/ \u202e湖 '\"")
    response = take(as_ada, image)
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["Cache-Control"] == "private, no-cache"
    ending = str(image.pk)[-8:]
    assert response["Content-Disposition"] == (
        f"attachment; filename*=utf-8''a-quiet-lake-at-dusk-%E6%B9%96-{ending}.png"
    )
    assert downloads.name(Image(prompt="x" * 99), "image/webp").endswith(".webp")
    assert len(downloads.name(Image(prompt="x" * 99), "image/webp")) < 80


def test_what_somebody_has_is_not_sent_again(
    as_ada: Client, ada: User, workspace: Workspace
) -> None:
    image = made(ada, workspace, png())
    address = reverse("gallery:image_download", args=[image.pk])
    etag = fetch(as_ada, address)["ETag"]
    assert fetch(as_ada, address, headers={"If-None-Match": etag}).status_code == 304
    other = fetch(as_ada, f"{address}?inside=nothing", headers={"If-None-Match": etag})
    assert other.status_code == 200


def test_the_choice_is_remembered(as_ada: Client, ada: User, workspace: Workspace) -> None:
    image = made(ada, workspace, png())
    assert "?inside=recipe" in as_ada.get(f"/images/{image.pk}/").content.decode()
    take(as_ada, image, inside="nothing")
    assert told(take(as_ada, image).whole) == ("", "")
    assert "?inside=nothing" in as_ada.get(f"/images/{image.pk}/").content.decode()


# Trouble


def test_trouble_is_said(
    as_ada: Client, ada: User, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = made(ada, workspace, png())

    def fail(*_: Any, **__: Any) -> None:
        raise CodecBusy

    monkeypatch.setattr(codec, "convert", fail)
    assert take(as_ada, image, format="webp").status_code == 503
    default_storage.delete(image.original)
    assert take(as_ada, image).status_code == 404


@pytest.mark.parametrize(
    ("content_type", "data"),
    [
        ("image/png", png()[:-20]),
        ("image/png", b""),
        ("image/png", jpeg()),
        ("image/png", png()[:8] + b"\xff" * 40),
        ("image/jpeg", jpeg()[:100]),
        ("image/jpeg", png()),
        ("image/jpeg", b"\xff\xd8\xff\xe1\x00\x00\xff"),
        ("image/webp", webp()[:30]),
        ("image/webp", png()),
        ("image/webp", b"RIFF\x10\0\0\0WEBPVP8X\x0a\0\0\0"),
        ("image/gif", b"GIF89a"),
    ],
)
def test_what_is_not_whole_is_not_spliced(content_type: str, data: bytes) -> None:
    with pytest.raises(SpliceError):
        splices.plan(io.BytesIO(data), content_type=content_type, words=Words(xmp="x"))


def test_no_prompt_is_too_long_for_a_jpeg(as_ada: Client, ada: User, workspace: Workspace) -> None:
    image = made(ada, workspace, jpeg(), prompt='"🐞' * 20_000, negative_prompt="&" * 20_000)
    assert told(take(as_ada, image).whole)[0].startswith('"🐞' * 1_000)
