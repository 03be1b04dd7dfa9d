"""POST /v1/images/edits in all the ways in which an image may come."""

import base64
import io
import json
import os
import tracemalloc
from collections.abc import Collection
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils import timezone
from PIL import Image as Pillow

from accounts.models import User, Workspace
from gallery import images
from gallery.models import Image, PendingObject
from studio import jobs
from studio.models import Job, Offer
from studio.queue import sweep
from tests.api.conftest import Program, balance, program
from tests.gallery.makers import encoded, exif, jpeg
from tests.gallery.test_compose import mask
from tests.studio.makers import Puppet, gives, png

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


@pytest.mark.parametrize(("text", "is_on"), [("true", True), ("True", True), ("False", False)])
def test_a_flag_in_a_form(ada_calls: Program, text: str, is_on: bool) -> None:
    """JavaScript and Python write it differently."""
    ada_calls.form(EDITS, prompt="add snow", image=upload(), text_mode=text)
    assert Image.objects.get(kind="edited").text_mode is is_on


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
    data = noise(1000, 700)
    text = base64.b64encode(data).decode()
    assert len(text) > 2_000_000
    assert ada_calls.form(EDITS, prompt="add snow", image=text).status_code == 200


def test_a_result_of_another_size_is_said_to_be(ada_calls: Program, puppet: Puppet) -> None:
    """Some services choose the size of an edit themselves."""
    puppet.does = [gives(png(96, 96))]
    response = ada_calls.form(EDITS, model="step-image-edit-2", prompt="x", image=upload())
    assert response.json()["x_warnings"] == ["The photo is 64x48; 96x96 came."]
    response = ada_calls.form(EDITS, model="step-image-edit-2", prompt="x", image=upload())
    assert response.json()["x_warnings"] == []


def test_an_edit_of_a_model_with_areas_may_have_any_size(
    ada_calls: Program, puppet: Puppet
) -> None:
    Offer.objects.filter(model="step-1x-edit").update(is_on=True, price_micros=5_000)
    photo = SimpleUploadedFile("a.png", png(128, 96))
    puppet.does = [gives(png(590, 444))]
    response = ada_calls.form(EDITS, model="step-1x-edit", prompt="x", image=photo, size="512x512")
    assert response.json()["x_warnings"] == []


def noise(width: int, height: int) -> bytes:
    raw = Pillow.frombytes("RGB", (width, height), os.urandom(width * height * 3))
    return encoded(raw, "PNG")


@pytest.mark.parametrize("kind", ["file", "text", "json"])
def test_the_photo_is_let_go_while_the_caller_waits(
    ada: User, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a few dozen callers who wait would hold a gigabyte."""
    data = noise(1000, 700)
    text = base64.b64encode(data).decode()
    held_bytes: list[int] = []

    def measure(ids: Collection[UUID], _seconds: float) -> list[Job]:
        held_bytes.append(tracemalloc.get_traced_memory()[0])
        return list(Job.objects.filter(pk__in=ids).with_pictures())

    monkeypatch.setattr(jobs, "wait", measure)
    caller = program(ada)
    image = SimpleUploadedFile("a.png", data) if kind == "file" else text
    fields = {"prompt": "add snow", "image": image}
    is_json = kind == "json"
    body = json.dumps(fields).encode() if is_json else encode_multipart(BOUNDARY, fields)
    kind_sent = "application/json" if is_json else MULTIPART_CONTENT
    headers = {"Authorization": f"Bearer {caller.secret}"}
    caller.get("/v1/models")  # what is loaded only once is not to count
    tracemalloc.start()
    try:
        response = caller.client.generic("POST", EDITS, body, kind_sent, headers=headers)
    finally:
        tracemalloc.stop()
    assert response.status_code == 504
    assert held_bytes[0] < 1.5 * len(body), "what the client itself holds, and no more"


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


# Masks


def masked(ada_calls: Program, mask: bytes, photo: bytes = png(256, 256, "red")) -> Any:
    files = {
        "image": SimpleUploadedFile("a.png", photo, "image/png"),
        "mask": SimpleUploadedFile("m.png", mask, "image/png"),
    }
    return ada_calls.form(EDITS, prompt="add snow", n="2", **files)


def test_a_mask_keeps_the_photo_outside(ada_calls: Program, puppet: Puppet) -> None:
    puppet.does = [gives(png(256, 256, "blue"))] * 2
    response = masked(ada_calls, mask(hole=(96, 96, 160, 160)))
    assert response.status_code == 200, response.content
    for image in Image.objects.filter(kind="edited"):
        with Pillow.open(io.BytesIO(images.read(image.original))) as found:
            assert found.getpixel((128, 128)) == (0, 0, 255)
            assert found.getpixel((10, 10)) == (255, 0, 0)
    assert PendingObject.objects.count() == 0
    assert Job.objects.exclude(mask="").count() == 2
    key = Job.objects.values_list("mask", flat=True)[0]
    sweep.remove_masks(timezone.now())
    assert Job.objects.exclude(mask="").count() == PendingObject.objects.count() == 0
    with pytest.raises(FileNotFoundError):
        images.read(key)


@pytest.mark.parametrize("is_json", [True, False])
@pytest.mark.parametrize("start", ["", "data:image/png;base64,"])
def test_a_mask_as_text(ada_calls: Program, puppet: Puppet, is_json: bool, start: str) -> None:
    puppet.does = [gives(png(256, 256, "blue"))]
    image, hole = png(256, 256, "red"), mask(hole=(96, 96, 160, 160))
    fields = {
        name: start + base64.b64encode(data).decode()
        for name, data in (("image", image), ("mask", hole))
    }
    if is_json:
        response = ada_calls.post(EDITS, {"prompt": "add snow", **fields})
    else:
        response = ada_calls.form(EDITS, prompt="add snow", **fields)
    assert response.status_code == 200, response.content
    with Pillow.open(io.BytesIO(images.read(Image.objects.get(kind="edited").original))) as found:
        assert (found.getpixel((128, 128)), found.getpixel((10, 10))) == ((0, 0, 255), (255, 0, 0))


def test_a_mask_stays_while_a_job_needs_it(ada_calls: Program, puppet: Puppet) -> None:
    files = {
        "image": SimpleUploadedFile("a.png", png(256, 256), "image/png"),
        "mask": SimpleUploadedFile("m.png", mask(hole=(9, 9, 99, 99)), "image/png"),
    }
    ada_calls.form(EDITS, prompt="x", n="2", headers={"Prefer": "respond-async"}, **files)
    jobs.run_next()
    sweep.remove_masks(timezone.now())
    assert images.read(Job.objects.values_list("mask", flat=True)[0])
    jobs.run_next()
    assert {job.state for job in Job.objects.all()} == {"succeeded"}


def test_the_mask_is_as_the_photo_is_seen(ada_calls: Program) -> None:
    """This photo lies on its side: 64 x 48 in the file, 48 x 64 to see."""
    lying = jpeg(64, 48, exif=exif(orientation=6))
    assert masked(ada_calls, mask(48, 64, hole=(9, 9, 40, 40)), lying).status_code == 200
    error = masked(ada_calls, mask(64, 48, hole=(9, 9, 40, 40)), lying).json()["error"]
    assert (error["param"], "48 x 64" in error["message"]) == ("mask", True)


def test_a_mask_that_is_none(ada_calls: Program, workspace: Workspace) -> None:
    for data in (b"", b"no picture", mask(128, 256, hole=(9, 9, 40, 40)), mask(), jpeg(256, 256)):
        response = masked(ada_calls, data)
        assert (response.status_code, response.json()["error"]["param"]) == (400, "mask")
    assert Image.objects.count() == PendingObject.objects.count() == 0
    assert balance(workspace) == (150_000, 0)
