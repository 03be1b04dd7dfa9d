"""What is wrong is refused by name, in OpenAI's shape, and nothing is charged."""

import base64
import io
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from rest_framework.exceptions import ParseError

from accounts.models import ApiKey, User, Workspace
from gallery.models import Image, PendingObject
from studio.api.parsers import StrictJsonParser
from studio.models import Job, Offer
from tests.api.conftest import Program, balance, program
from tests.studio.makers import png

pytestmark = pytest.mark.django_db
GENERATIONS, EDITS = "/v1/images/generations", "/v1/images/edits"


@pytest.fixture
def caller(ada: User) -> Program:
    return program(ada)


@pytest.fixture
def refused(caller: Program, workspace: Workspace) -> Callable[..., dict[str, Any]]:
    """Checks what every refusal promises, and gives its error object."""

    def check(response: Any, status: int = 400, param: str | None = None) -> dict[str, Any]:
        assert response.status_code == status, response.content
        assert response["Content-Type"] == "application/json"
        assert response["x-request-id"].startswith("req_")
        body = json.loads(response.content)
        assert set(body) == {"error"}
        assert set(body["error"]) == {"message", "type", "param", "code"}
        assert body["error"]["message"]
        assert body["error"]["param"] == param
        assert Job.objects.count() == Image.objects.count() == PendingObject.objects.count() == 0
        assert balance(workspace) == (150_000, 0)
        return dict(body["error"])

    return check


WRONG = [
    *(("prompt", value) for value in (None, "", " \n", 7, ["a"], {}, True, "a\x00b", "x" * 513)),
    ("prompt", "x" * 1_000_000),
    *(("n", value) for value in (0, -1, 1.5, 1.0, "1", True, 10**9, 11, [], {})),
    *(
        ("size", value)
        for value in (
            "0x0",
            "99999x1",
            "1024",
            "1024x1024x1",
            "-1024x1024",
            "１０２４x１０２４",
            "1024x1024\n",
            " 1024x1024",
            "1024X1024",
            "",
            "512x512",
            1024,
        )
    ),
    *(("seed", value) for value in (-1, 2**31, 2**63, 10**300, 1.0, "7", False)),
    *(("steps", value) for value in (0, 51, 8.0, "8", -1, True)),
    *(("cfg_scale", value) for value in (0.9, 10.1, -1, "2", True, 10**400)),
    *(("negative_prompt", value) for value in (7, [], "x" * 513, "a\x00b")),
    *(("text_mode", value) for value in ("true", 1, [])),
    *(("response_format", value) for value in ("png", "", 7, ["url"], {})),
    *(("model", value) for value in ("gpt-image-1", "", 7, "a\x00b", "x" * 10_000)),
    *(("dry_run", value) for value in ("true", 1)),
    ("stream", True),
    ("style_reference", {"source_url": "https://example.com/a.png"}),
    *((name, 1) for name in ("workspace", "price", "job", "price_micros", "count", "steps ")),
    *((name, 1) for name in ("image", "mask", "n[]", "__proto__", "order_id", "источник")),
]


@pytest.mark.parametrize("field", sorted({field for field, _ in WRONG}))
def test_a_field_that_is_wrong(caller: Program, refused: Callable[..., Any], field: str) -> None:
    for value in (value for name, value in WRONG if name == field):
        refused(caller.generate(**{field: value}), param=field)


# What an edit takes, though a generation does not; or overlooks, as the photo has a size.
OF_EDITS = {("size", "512x512"), ("image", 1), ("mask", 1)}


@pytest.mark.parametrize("field", sorted({field for field, _ in WRONG}))
def test_a_field_of_an_edit_that_is_wrong(
    caller: Program, refused: Callable[..., Any], field: str
) -> None:
    body = {"model": "step-image-edit-2", "prompt": "add snow", "image": data_uri(png(8, 8))}
    for value in (value for name, value in WRONG if name == field):
        if field not in {"size", "image", "mask"} or (field, value) not in OF_EDITS:
            refused(caller.post(EDITS, body | {field: value}), param=field)


STYLES = [
    *("https://example.com/a.png", 7, [], {}, {"weight": 1}),
    *({"source_url": "https://example.com/a.png", "weight": each} for each in (0, -1, 2.1, "1")),
    {"source_url": "https://example.com/a.png", "weight": True},
    {"source_url": "https://example.com/a.png", "strength": 1},
    *(
        {"source_url": each}
        for each in (
            *(None, 7, "", "example.com/a.png", "https://", "https://localhost/a", "http://[::1"),
            *("file:///etc/passwd", "ftp://example.com/a", "data:image/png;base64,YWJj"),
            *("http://10.0.0.1/a", "http://127.0.0.1:8000/a", "http://169.254.169.254/latest"),
            *("http://[::1]/a", "http://[::ffff:10.0.0.1]/a", "http://[fd00::1]/a"),
            *("http://127.1/a", "http://0x7f.1/a", "http://0177.0.0.1/a", "http://2130706433/a"),
            *("http://printer.local/a", "http://x.localhost./a", "http://a@10.0.0.1/a"),
            *("http://metadata.google.internal/a", "https://example.com/" + "a" * 2_000),
        )
    ),
]


def test_a_style_that_is_none(caller: Program, refused: Callable[..., Any]) -> None:
    """A server of the operator's own may fetch it: not from where only that server reaches."""
    Offer.objects.filter(model="step-1x-medium").update(is_on=True, price_micros=5_000)
    for style in STYLES:
        given = {"model": "step-1x-medium", "style_reference": style}
        refused(caller.generate(**given), param="style_reference")


def test_a_prompt_that_is_missing(caller: Program, refused: Callable[..., Any]) -> None:
    for body in ({"model": "step-image-edit-2"}, {}):
        error = refused(caller.post(GENERATIONS, body), param="prompt")
        assert error["code"] == "missing_parameter"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (rb'{"prompt": "\ud800"}', "prompt"),
        (rb'{"prompt": "a lake", "seed": 1e309}', "seed"),
        (b'{"prompt": "a lake", "seed": NaN}', "seed"),
        (b'{"prompt": "a lake", "user": -Infinity}', "user"),
        (b'{"prompt": "a lake", "prompt": "another"}', None),
        (b'{"prompt": "a lake", "style_reference": {"weight": 1, "weight": 1}}', None),
        (b'{"prompt": "a lake", "user": ' + b"[" * 25 + b"]" * 25 + b"}", "user"),
        (b'{"prompt": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", None),
        (b'{"prompt": ' + b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + b"}", None),
        (b'{"prompt": ' + b"9" * 10_000 + b"}", None),
        (b'["a lake"]', None),
        (b'"a lake"', None),
        (b"null", None),
        (b'{"prompt": "a lake"', None),
        (b"{'prompt': 'a lake'}", None),
        (b'{"prompt": "\xff\xfe"}', None),
        ('{"prompt": "a lake"}'.encode("utf-16"), None),
        (rb'{"\ud800": 1, "prompt": "a lake"}', None),
        (b'{"prompt": "a\nlake"}', None),
        (b"\x00", None),
        (b"", "prompt"),
    ],
)
def test_a_body_that_is_bent(
    caller: Program, refused: Callable[..., Any], body: bytes, param: str | None
) -> None:
    refused(caller.post(GENERATIONS, body), param=param)


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"]
)
def test_a_body_of_another_kind(caller: Program, refused: Callable[..., Any], kind: str) -> None:
    refused(caller.post(GENERATIONS, b'{"prompt": "a lake"}', content_type=kind), 415)
    if "multipart" not in kind:
        refused(caller.post(EDITS, b'{"prompt": "a lake"}', content_type=kind), 415)


def test_a_charset_is_no_other_kind(caller: Program) -> None:
    body = {"prompt": "a lake", "dry_run": True}
    kind = "Application/JSON; charset=utf-8"
    assert caller.post(GENERATIONS, json.dumps(body), content_type=kind).status_code == 200


# Keys


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer {}, Bearer {}", "Basic {}", "Bearer {}x", "Bearer easel_x"]
)
def test_a_bearer_that_is_none(
    caller: Program, refused: Callable[..., Any], client: Client, header: str
) -> None:
    for query in ("", f"?api_key={caller.secret}", f"?authorization=Bearer%20{caller.secret}"):
        headers = {"Authorization": header.replace("{}", caller.secret)} if header else {}
        body = {"prompt": "a lake"}
        response = client.post(GENERATIONS + query, body, "application/json", headers=headers)
        assert refused(response, 401)["type"] == "authentication_error"
        assert caller.secret not in response.content.decode()


@pytest.mark.parametrize("column", ["revoked_at", "expires_at"])
def test_a_bearer_that_has_ended(caller: Program, refused: Callable[..., Any], column: str) -> None:
    ApiKey.objects.update(**{column: timezone.now()})
    assert refused(caller.generate(), 401)["code"] == "invalid_api_key"


# Edits


def upload(data: bytes, name: str = "a.png", kind: str = "image/png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, kind)


def data_uri(data: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(data).decode()


NO_IMAGES = [
    "http://10.0.0.1/a.png",
    "https://example.com/a.png",
    "file:///etc/passwd",
    "FTP://example.com/a.png",
    "data:image/png,abc",
    "data:;base64,",
    "not base64!",
    "YWJj",
    "YWJ",
    "ÄÖÜ",
    "",
    7,
    {"url": "https://example.com/a.png"},
    {"b64_json": "YWJj"},
]


def test_an_image_in_json_that_is_none(caller: Program, refused: Callable[..., Any]) -> None:
    for image in NO_IMAGES:
        refused(caller.post(EDITS, {"prompt": "add snow", "image": image}), param="image")


def test_a_mask_that_is_none(caller: Program, refused: Callable[..., Any]) -> None:
    body = {"prompt": "add snow", "image": data_uri(png(8, 8))}
    for mask in (*NO_IMAGES, data_uri(png(8, 8)), data_uri(png(9, 8))):
        refused(caller.post(EDITS, body | {"mask": mask}), param="mask")
    mask = data_uri(png(8, 8))
    refused(caller.post(EDITS, body | {"mask": [mask, mask]}), param="mask")


@pytest.mark.parametrize("image", [None, [], [None]])
def test_no_image(caller: Program, refused: Callable[..., Any], image: Any) -> None:
    error = refused(caller.post(EDITS, {"prompt": "add snow", "image": image}), param="image")
    assert error["code"] == "missing_parameter"


def test_two_images(caller: Program, refused: Callable[..., Any]) -> None:
    one = data_uri(png(8, 8))
    refused(caller.post(EDITS, {"prompt": "add snow", "image": [one, one]}), param="image")
    files = [upload(png(8, 8)), upload(png(8, 8))]
    refused(caller.form(EDITS, prompt="add snow", image=files), param="image")
    refused(caller.form(EDITS, prompt="add snow", **{"image[]": files}), param="image")
    refused(
        caller.form(EDITS, prompt="add snow", image=files[0], **{"image[]": one}), param="image"
    )


@pytest.mark.parametrize(
    "data",
    [b"", b"x", b"GIF89a", b"<svg onload='alert(1)'/>", png(8, 8)[:-20], b"%PDF-1.4"],
)
def test_a_file_that_is_no_picture(
    caller: Program, refused: Callable[..., Any], data: bytes
) -> None:
    response = caller.form(EDITS, prompt="add snow", image=upload(data))
    assert refused(response, param="image")["code"] == "invalid_image"


FORM_WRONG = [
    *(("n", value) for value in ("0", "1.5", "true", "", "１", "11", "1e1", " 1")),
    *(("seed", value) for value in ("-1", "2147483648", "9" * 30, "1e309", "NaN", "0x7")),
    *(("steps", value) for value in ("0", "51", "8.0")),
    *(("cfg_scale", value) for value in ("0.9", "nan", "inf", "1e1", "two")),
    *(("text_mode", value) for value in ("TRUE", "1", "yes", "")),
    *(("size", value) for value in ("0x0", "1024")),
    *(("response_format", "png"), ("model", "step-2x-large"), ("model", "dall-e-2")),
    *((name, "1") for name in ("workspace", "price", "job", "source", "style_reference")),
    ("prompt", ""),
    ("prompt", "x" * 513),
]


@pytest.mark.parametrize("field", sorted({field for field, _ in FORM_WRONG}))
def test_a_field_of_a_form_that_is_wrong(
    caller: Program, refused: Callable[..., Any], field: str
) -> None:
    for value in (value for name, value in FORM_WRONG if name == field):
        fields = {"prompt": "add snow", "image": upload(png(8, 8)), field: value}
        refused(caller.form(EDITS, **fields), param=field)


def test_a_form_that_is_bent(caller: Program, refused: Callable[..., Any]) -> None:
    photo = upload(png(8, 8))
    refused(caller.form(EDITS, prompt=["a", "b"], image=photo), param="prompt")
    refused(caller.form(EDITS, prompt=upload(b"add snow"), image=photo), param="prompt")
    refused(caller.form(EDITS, image=photo), param="prompt")
    refused(caller.form(EDITS, prompt="add snow", other=photo), param="other")
    kind = "multipart/form-data; boundary=x"
    invalid = b'--x\r\nContent-Disposition: form-data; name="prompt"\r\n\r\n\xff\r\n--x--\r\n'
    refused(caller.post(EDITS, invalid, content_type=kind), param="prompt")
    refused(caller.post(EDITS, b"x", content_type="multipart/form-data"))
    whole = invalid.replace(b"\xff", b"add snow")
    refused(caller.post(EDITS, whole, content_type=kind), param="image")
    for size in (1, 60, len(whole) - 5):
        error = refused(caller.post(EDITS, whole[:size], content_type=kind))
        assert error["message"] == "The body was cut off."


def test_a_body_that_is_cut_off_is_no_request() -> None:
    """Though what came of it would do: whoever sent it may have left."""
    body = b'{"prompt": "a lake"}'
    whole = SimpleNamespace(META={"CONTENT_LENGTH": str(len(body))})
    cut = SimpleNamespace(META={"CONTENT_LENGTH": str(len(body) + 1)})
    parser = StrictJsonParser()
    assert parser.parse(io.BytesIO(body), "", {"request": whole}) == {"prompt": "a lake"}
    with pytest.raises(ParseError, match="cut off"):
        parser.parse(io.BytesIO(body), "", {"request": cut})
