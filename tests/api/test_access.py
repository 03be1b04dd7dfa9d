"""Who may come in, and how they are told that they may not."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.models import ApiKey, Membership, User, Workspace
from accounts.workspaces import Role
from gallery.models import Image
from studio.api import throttles
from studio.models import Job
from tests.api.conftest import Program, balance, program

pytestmark = pytest.mark.django_db
NOBODY = "01890000-0000-7000-8000-000000000000"


def test_without_a_key(client: Client, db: None) -> None:
    response = client.post("/v1/images/generations", "{}", content_type="application/json")
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert response.json()["error"]["type"] == "authentication_error"
    assert Job.objects.count() == 0


def test_a_session_is_no_key(as_ada: Client) -> None:
    assert as_ada.get("/v1/images").status_code == 401


def test_a_key_in_the_address_is_no_key(ada: User, client: Client) -> None:
    secret = program(ada).secret
    for name in ("api_key", "key", "access_token", "authorization"):
        assert client.get("/v1/models", {name: secret}).status_code == 401


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic {}",
        "{}",
        "Bearer {}x",
        "Bearer {} {}",
        "Bearer {},Bearer {}",
        "Bearer {}, Bearer {}",
        "Bearer ключ",
        "Bearer \ud800",
    ],
)
def test_a_header_that_is_none(ada: User, client: Client, header: str) -> None:
    secret = program(ada).secret
    text = header.replace("{}", secret)
    assert client.get("/v1/models", HTTP_AUTHORIZATION=text).status_code == 401


def test_the_usual_header(ada: User, client: Client) -> None:
    for kind in ("Bearer", "bearer"):
        text = f"{kind} {program(ada).secret}"
        assert client.get("/v1/models", HTTP_AUTHORIZATION=text).status_code == 200


@pytest.mark.parametrize("column", ["revoked_at", "expires_at"])
def test_a_key_that_has_ended(ada: User, column: str) -> None:
    caller = program(ada)
    assert caller.get("/v1/models").status_code == 200
    ApiKey.objects.update(**{column: timezone.now()})
    response = caller.get("/v1/models")
    assert (response.status_code, response.json()["error"]["code"]) == (401, "invalid_api_key")


def test_a_person_who_was_suspended_or_removed(ben: User, workspace: Workspace) -> None:
    caller = program(ben, workspace)
    assert caller.get("/v1/models").status_code == 200
    Membership.objects.filter(user=ben, workspace=workspace).delete()
    assert caller.get("/v1/models").status_code == 401
    Membership.objects.create(user=ben, workspace=workspace, role=Role.MEMBER)
    assert caller.get("/v1/models").status_code == 200
    User.objects.filter(pk=ben.pk).update(is_active=False)
    assert caller.get("/v1/models").status_code == 401


def test_a_viewer_may_look_and_not_spend(vera: User, workspace: Workspace) -> None:
    caller = program(vera, workspace)
    assert caller.get("/v1/images").status_code == 200
    response = caller.generate()
    assert (response.status_code, response.json()["error"]["type"]) == (403, "permission_error")
    assert balance(workspace) == (150_000, 0)


READ = ["/v1/images", f"/v1/images/{NOBODY}", f"/v1/images/{NOBODY}/content", "/v1/usage"]
EITHER = ["/v1/collections", *(f"/v1/collections/{NOBODY}{end}" for end in ("", "/images"))]
MAKE = ["/v1/images/generations", "/v1/images/edits", f"/v1/jobs/{NOBODY}/cancel"]
BOTH = ["/v1/models", f"/v1/jobs/{NOBODY}", "/v1/models/step-image-edit-2"]


def test_scopes(ada: User) -> None:
    reads = program(ada, scopes=["read"])
    makes = program(ada, scopes=["generate"])
    for path in (*READ, *EITHER):
        assert makes.get(path).status_code == 403
        assert reads.get(path).status_code in {200, 404}
    for path in (*MAKE, *EITHER):
        response = reads.post(path, {})
        assert (response.status_code, response.json()["error"]["code"]) == (
            403,
            "insufficient_scope",
        )
        assert makes.post(path, {}).status_code in {400, 404}
    for path in BOTH:
        assert reads.get(path).status_code == makes.get(path).status_code


def test_outsiders_find_nothing(ada_calls: Program, mallory: User) -> None:
    datum = ada_calls.generate().json()["data"][0]
    outside = program(mallory)
    image, job = Image.objects.get(), Job.objects.get()
    assert outside.get(f"/v1/images/{image.pk}").status_code == 404
    assert outside.get(f"/v1/images/{image.pk}/content").status_code == 404
    assert outside.get(f"/v1/jobs/{job.pk}").status_code == 404
    assert outside.post(f"/v1/jobs/{job.pk}/cancel").status_code == 404
    assert outside.get("/v1/images").json()["data"] == []
    assert outside.get("/v1/images", data={"after": datum["id"]}).status_code == 400
    assert outside.get("/v1/usage").json()["images"] == 0
    assert ada_calls.get(f"/v1/images/{image.pk}").status_code == 200


def test_wrong_methods_and_addresses(ada: User) -> None:
    caller = program(ada)
    for path in ("/v1/images/generations", "/v1/images/edits", f"/v1/jobs/{NOBODY}/cancel"):
        response = caller.get(path)
        assert (response.status_code, response["Allow"]) == (405, "POST")
        assert response.json()["error"]["code"] == "method_not_allowed"
    for path in (*READ, *BOTH):
        assert caller.post(path, {}).status_code == 405
    for path in ("/v1", "/v1/", "/v1/nothing", "/v1/jobs/7", "/v1/images/generations/"):
        for response in (caller.get(path), caller.post(path, {})):
            assert response.status_code == 404
            assert response.json()["error"]["code"] == "not_found"
            assert "/v1/docs" in response.json()["error"]["message"]
            assert response["x-request-id"].startswith("req_")


def test_a_page_that_is_not_there_stays_a_page(client: Client, db: None) -> None:
    response = client.get("/v1x")
    assert (response.status_code, response["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert response["x-request-id"].startswith("req_")


def test_a_body_that_is_too_large(ada: User) -> None:
    response = program(ada).client.post(
        "/v1/images/generations", b"x" * (28 * 1024 * 1024 + 1), content_type="application/json"
    )
    assert (response.status_code, response.json()["error"]["code"]) == (413, "request_too_large")
    assert response["x-request-id"].startswith("req_")


def test_a_host_that_is_not_ours(ada: User) -> None:
    response = program(ada).get("/v1/models", headers={"host": "evil.example"})
    assert response.status_code == 400
    assert set(response.json()["error"]) == {"message", "type", "param", "code"}


def test_use_is_noted_once_a_minute(ada: User) -> None:
    caller = program(ada)
    caller.get("/v1/models")
    first = ApiKey.objects.get().last_used_at
    caller.get("/v1/models")
    assert first
    assert ApiKey.objects.get().last_used_at == first
    ApiKey.objects.update(last_used_at=first - timedelta(seconds=61))
    caller.get("/v1/models")
    assert ApiKey.objects.get().last_used_at > first


# Throttles


@pytest.fixture
def _noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttles, "_now", lambda: 43_200.5)


@pytest.mark.usefixtures("_noon")
def test_a_key_has_so_many_requests_a_minute(
    ada: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.API_RATE = 3
    caller = program(ada)
    left = [caller.get("/v1/models")["x-ratelimit-remaining-requests"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    response = caller.generate()
    assert response.status_code == 429
    assert response.json()["error"]["code"] == "rate_limit_exceeded"
    assert response["Retry-After"] == "60"
    assert response["x-ratelimit-limit-requests"] == "3"
    assert response["x-ratelimit-remaining-requests"] == "0"
    assert response["x-ratelimit-reset-requests"] == "60s"
    assert program(ada).get("/v1/models").status_code == 200
    monkeypatch.setattr(throttles, "_now", lambda: 43_260.0)
    assert caller.get("/v1/models").status_code == 200


@pytest.mark.usefixtures("_noon")
def test_more_keys_make_no_more_room_without_end(
    ada: User, ben: User, workspace: Workspace, settings: Any
) -> None:
    settings.API_RATE = 1
    for _ in range(5):
        assert program(ada).get("/v1/models").status_code == 200
    assert program(ada).get("/v1/models").status_code == 429
    cache.clear()
    for user in (ada, ben) * 2 + (ada,):
        assert program(user, workspace).get("/v1/models").status_code == 200
    assert program(ben, workspace).get("/v1/models").status_code == 429
    assert program(ben).get("/v1/models").status_code == 200


@pytest.mark.usefixtures("_noon")
def test_a_forged_address_changes_nothing(ada: User, settings: Any) -> None:
    settings.API_RATE = 1
    caller = program(ada)
    found = [
        caller.get("/v1/models", headers={"X-Forwarded-For": f"10.0.0.{n}"}).status_code
        for n in range(2)
    ]
    assert found == [200, 429]
