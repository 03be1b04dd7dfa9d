"""Models, images and usage."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from accounts import keys
from accounts.models import ApiKey, Membership, User, Workspace
from gallery.models import Image
from studio import catalog
from studio.api import links
from studio.models import Offer
from tests.api.conftest import Program, program

pytestmark = pytest.mark.django_db
NOBODY = "01890000-0000-7000-8000-000000000000"


def test_models_say_limits_price_and_why_not(ada_calls: Program) -> None:
    Offer.objects.filter(model="step-2x-large").update(is_on=False, note="Away until May.")
    body = ada_calls.get("/v1/models").json()
    assert body["object"] == "list"
    found = {each["id"]: each for each in body["data"]}
    assert list(found) == list(catalog.models())
    first = found["step-image-edit-2"]
    assert (first["object"], first["is_on_offer"], first["why_not"]) == ("model", True, None)
    assert first["price_micros"] == 3_000
    assert str(first["limits"]["steps"]) == "{'minimum': 1, 'maximum': 50, 'default': 8}"
    assert first["limits"]["size_order"] == "height x width"
    assert first["limits"]["generate"]["sizes"][1] == "768x1360"
    assert first["limits"]["edit"]["max_side"] == 4096
    away = found["step-2x-large"]
    assert (away["is_on_offer"], away["why_not"]) == (False, "Away until May.")
    assert away["price_micros"] is None
    assert away["limits"]["generate"]["sizes"][1] == "1280x800"
    assert ada_calls.get("/v1/models/step-2x-large").json() == away
    assert ada_calls.get("/v1/models/gpt-image-1").status_code == 404


def test_every_size_that_a_model_lists_is_taken(ada_calls: Program) -> None:
    Offer.objects.update(is_on=True, price_micros=5_000)
    for model in ada_calls.get("/v1/models").json()["data"]:
        for size in (model["limits"]["generate"] or {"sizes": []})["sizes"]:
            response = ada_calls.generate(model=model["id"], size=size, dry_run=True)
            assert response.json()["request"]["size"] == size


def test_a_model_that_is_off_is_refused_with_the_reason(ada_calls: Program) -> None:
    Offer.objects.update(is_on=False, note="Away until May.")
    error = ada_calls.generate().json()["error"]
    assert (error["param"], error["message"]) == ("model", "Away until May.")


def test_images_in_pages(ada_calls: Program) -> None:
    made = ada_calls.generate(n=5).json()["data"]
    seen, query = [], {"limit": "2"}
    while True:
        page = ada_calls.get("/v1/images", data=query).json()
        seen += [each["id"] for each in page["data"]]
        if not page["has_more"]:
            break
        query["after"] = page["last_id"]
    assert len(seen) == 5
    assert set(seen) == {each["id"] for each in made}
    newest = Image.objects.order_by("-created_at", "-id").values_list("pk", flat=True)
    assert seen == [str(pk) for pk in newest]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("limit", value) for value in ("0", "101", "x", "", "-1", "9" * 30)),
        *(("after", value) for value in ("x", "01890000-0000-7000-8000-000000000000")),
    ],
)
def test_a_page_that_cannot_be(ada_calls: Program, name: str, value: str) -> None:
    response = ada_calls.get("/v1/images", data={name: value})
    assert (response.status_code, response.json()["error"]["param"]) == (400, name)


def test_one_image_and_its_bytes(ada_calls: Program) -> None:
    (datum,) = ada_calls.generate(seed=9).json()["data"]
    path = f"/v1/images/{datum['id']}"
    body = ada_calls.get(path).json()
    assert (body["id"], body["seed"], body["price_micros"]) == (datum["id"], 9, 3_000)
    response = ada_calls.get(f"{path}/content")
    assert (response.status_code, response["Content-Type"]) == (200, "image/png")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"].startswith("sandbox")
    assert len(b"".join(response.streaming_content)) == body["size_bytes"]
    Image.objects.update(deleted_at=timezone.now())
    assert ada_calls.get(path).status_code == 404
    assert ada_calls.get(f"{path}/content").status_code == 404


def read(client: Client, link: str) -> bytes:
    response = client.get(link)
    assert response.status_code == 200
    return b"".join(response.streaming_content)


def test_a_link_is_for_one_image_and_two_hours(
    ada_calls: Program, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (each["url"] for each in ada_calls.generate(n=2).json()["data"])
    assert read(client, first).startswith(b"\x89PNG")
    parts = urlsplit(second)
    stolen = client.get(f"{parts.path}?{urlsplit(first).query}")
    assert (stolen.status_code, stolen.json()["error"]["code"]) == (403, "link_expired")
    query = {name: value for name, (value,) in parse_qs(parts.query).items()}
    later = str(int(query["expires"]) + 1)
    for change in ({"expires": later}, {"signature": ""}, {"expires": "x"}, {"expires": "９"}):
        assert client.get(parts.path, query | change).status_code == 403
    assert client.get(parts.path).status_code == 401
    monkeypatch.setattr(links, "_now", lambda: int(query["expires"]) - 0.5)
    assert read(client, second).startswith(b"\x89PNG")
    monkeypatch.setattr(links, "_now", lambda: int(query["expires"]) + 0.5)
    assert client.get(second).status_code == 403


@pytest.mark.usefixtures("_at_once")
def test_a_link_dies_with_the_key_it_was_given_to(
    client: Client, ben: User, workspace: Workspace
) -> None:
    links_of = []
    for _ in range(2):
        (datum,) = program(ben, workspace).generate().json()["data"]
        links_of.append(datum["url"])
    first, second = links_of
    keys.revoke(key=ApiKey.objects.earliest("created_at"), by=ben)
    assert client.get(first).status_code == 403
    assert read(client, second).startswith(b"\x89PNG")
    Membership.objects.filter(user=ben, workspace=workspace).delete()
    assert client.get(second).status_code == 403


def test_a_link_dies_with_its_image(ada_calls: Program, client: Client) -> None:
    (datum,) = ada_calls.generate().json()["data"]
    Image.objects.update(deleted_at=timezone.now())
    assert client.get(datum["url"]).status_code == 404


def test_usage(ada_calls: Program, ada: User, workspace: Workspace) -> None:
    ada_calls.generate(n=2)
    program(ada, monthly_cap_micros=9_000).generate({"Prefer": "respond-async"})
    body = ada_calls.get("/v1/usage").json()
    assert (body["images"], body["spent_micros"]) == (2, 6_000)
    assert (body["available_micros"], body["held_micros"]) == (141_000, 3_000)
    assert body["key"] == {"spent_micros": 6_000, "monthly_cap_micros": None}
    assert body["member"] == {"spent_micros": 9_000, "monthly_cap_micros": None}
    assert body["workspace"] == {"id": str(workspace.pk), "name": "Personal"}
    Membership.objects.update(monthly_cap_micros=10_000)
    refused = ada_calls.generate()
    assert (refused.status_code, refused.json()["error"]["code"]) == (402, "monthly_cap_reached")
    assert ada_calls.get("/v1/usage").json()["member"]["monthly_cap_micros"] == 10_000
    assert ada_calls.get("/v1/usage", data={"since": "2020-01-01"}).json()["images"] == 2
    assert ada_calls.get("/v1/usage", data={"since": "2999-01-01"}).json()["images"] == 0


@pytest.mark.parametrize("since", ["", "yesterday", "2026-13-01", "20260101", "2026-W01-1"])
def test_usage_since_no_day(ada_calls: Program, since: str) -> None:
    response = ada_calls.get("/v1/usage", data={"since": since})
    assert (response.status_code, response.json()["error"]["param"]) == (400, "since")


@pytest.mark.parametrize(
    ("path", "param"),
    [
        ("/v1/images?limt=5", "limt"),
        ("/v1/images?limit=5&limit=6", "limit"),
        ("/v1/images?limit=5&after", "after"),
        ("/v1/models?limit=5", "limit"),
        ("/v1/models/step-2x-large?x=1", "x"),
        ("/v1/usage?until=2026-01-01", "until"),
        ("/v1/schema?format=yaml", "format"),
        (f"/v1/jobs/{NOBODY}?Wait=5", "Wait"),
        (f"/v1/images/{NOBODY}?x", "x"),
        (f"/v1/images/{NOBODY}/content?width=64", "width"),
        (f"/v1/models?{'x' * 500}", "x" * 100),
    ],
)
def test_a_query_that_nobody_knows(ada_calls: Program, path: str, param: str) -> None:
    response = ada_calls.get(path)
    assert (response.status_code, response.json()["error"]["param"]) == (400, param)


@pytest.mark.parametrize("path", ["images/generations", "images/edits", f"jobs/{NOBODY}/cancel"])
def test_a_query_of_a_post(ada_calls: Program, path: str) -> None:
    """As for one that would say it there instead of in the body."""
    response = ada_calls.post(f"/v1/{path}?dry_run=true", {"prompt": "a lake"})
    error = response.json()["error"]
    assert (response.status_code, error["param"]) == (400, "dry_run")
    assert error["code"] == "unknown_parameter"


def test_deleted_images_are_not_given_again(ada_calls: Program) -> None:
    key = {"Idempotency-Key": "one"}
    ada_calls.generate(key)
    Image.objects.update(deleted_at=timezone.now())
    (datum,) = ada_calls.generate(key).json()["data"]
    assert datum["error"]["code"] == "deleted"
    assert "url" not in datum
