"""POST /v1/images/edits in all the ways in which an image may come."""

import base64
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import Workspace
from gallery.models import Image
from tests.api.conftest import Program, balance
from tests.gallery.makers import exif, jpeg
from tests.studio.makers import Puppet, png

pytestmark = pytest.mark.django_db
EDITS = "/v1/images/edits"
PHOTO = png(64, 48)
TEXT = base64.b64encode(PHOTO).decode()


def upload() -> SimpleUploadedFile:
    """As the SDK sends raw bytes: no picture by its name or its type."""
    return SimpleUploadedFile("upload", PHOTO, "application/octet-stream")


def check(response: Any, workspace: Workspace) -> None:
    assert response.status_code == 200, response.content
    (datum,) = response.json()["data"]
    image = Image.objects.get(pk=datum["id"])
    assert (image.kind, image.parent.kind) == ("edited", "upload")
    assert (image.width, image.height) == (64, 48)
    assert balance(workspace) == (147_000, 0)


@pytest.mark.parametrize("name", ["image", "image[]"])
@pytest.mark.parametrize("made", [upload, lambda: TEXT, lambda: f"data:image/png;base64,{TEXT}"])
def test_a_form(ada_calls: Program, workspace: Workspace, name: str, made: Any) -> None:
    fields = {name: made(), "prompt": "add snow", "seed": "5", "cfg_scale": "1.5", "n": "1"}
    check(ada_calls.form(EDITS, **fields, text_mode="true"), workspace)
    image = Image.objects.get(kind="edited")
    assert (image.seed, image.cfg_scale, image.text_mode) == (5, 1.5, True)


@pytest.mark.parametrize(
    "image",
    [TEXT, f"data:image/png;base64,{TEXT}", [TEXT], "\n".join([TEXT[:76], TEXT[76:]])],
)
def test_json(ada_calls: Program, workspace: Workspace, image: Any) -> None:
    check(ada_calls.post(EDITS, {"prompt": "add snow", "image": image}), workspace)


def test_the_size_is_ignored_and_said_to_be(ada_calls: Program) -> None:
    response = ada_calls.post(EDITS, {"prompt": "add snow", "image": TEXT, "size": "1024x1024"})
    assert response.json()["x_warnings"] == [
        "No model was named; step-image-edit-2 was taken.",
        "The size is not sent: the result has the photo's own.",
    ]


def test_a_large_image_as_text_in_a_form(ada_calls: Program, puppet: Puppet) -> None:
    """More than Django takes of a form's text."""
    import os

    from PIL import Image as Pillow

    from tests.gallery.makers import encoded

    data = encoded(Pillow.frombytes("RGB", (1000, 700), os.urandom(2_100_000)), "PNG")
    text = base64.b64encode(data).decode()
    assert len(text) > 2_000_000
    assert ada_calls.form(EDITS, prompt="add snow", image=text).status_code == 200


def test_an_upright_photo_is_sent(ada_calls: Program, puppet: Puppet) -> None:
    data = jpeg(64, 48, exif=exif(orientation=6))
    photo = SimpleUploadedFile("a.jpg", data, "image/jpeg")
    assert ada_calls.form(EDITS, prompt="add snow", image=photo).status_code == 200
    upload = Image.objects.get(kind="upload")
    assert (upload.width, upload.height) == (48, 64)


def test_a_dry_run_keeps_no_photo(ada_calls: Program) -> None:
    body = ada_calls.form(EDITS, prompt="add snow", image=upload(), dry_run="true").json()
    assert body["request"]["image"] == {"width": 64, "height": 48}
    assert Image.objects.count() == 0


def test_the_same_photo_twice_is_kept_once(ada_calls: Program) -> None:
    for _ in range(2):
        assert ada_calls.form(EDITS, prompt="add snow", image=upload()).status_code == 200
    assert Image.objects.filter(kind="upload").count() == 1
