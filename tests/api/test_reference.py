"""The description of the API holds what the API does."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.validation import validate_schema

from studio import catalog
from studio.api import errors, fields, finding, presenting, schema
from tests.api.conftest import Program
from tests.studio.makers import Puppet

pytestmark = pytest.mark.django_db


def resolved(name: str) -> dict[str, Any]:
    return dict(schema.COMPONENTS[name]["properties"])


def test_the_schema_is_valid_and_open_to_all(client: Client) -> None:
    found = client.get("/v1/schema")
    assert (found.status_code, found["Content-Type"]) == (200, "application/json")
    document = found.json()
    validate_schema(document)
    named = set(re.findall(r"#/components/schemas/(\w+)", found.content.decode()))
    assert named <= set(document["components"]["schemas"])
    assert set(document["paths"]) == {
        "/v1/collections",
        "/v1/collections/{collection_id}",
        "/v1/collections/{collection_id}/images",
        "/v1/collections/{collection_id}/images/move",
        "/v1/collections/{collection_id}/images/remove",
        "/v1/collections/{collection_id}/images/{image_id}",
        "/v1/images",
        "/v1/images/edits",
        "/v1/images/generations",
        "/v1/images/{image_id}",
        "/v1/images/{image_id}/content",
        "/v1/jobs/{job_id}",
        "/v1/jobs/{job_id}/cancel",
        "/v1/models",
        "/v1/models/{name}",
        "/v1/usage",
    }
    for methods in document["paths"].values():
        for operation in methods.values():
            assert operation["description"]
            assert operation["security"] == [{"key": []}]


def test_answers_are_as_described(ada_calls: Program, puppet: Puppet) -> None:
    images = ada_calls.generate().json()
    assert set(images) == set(resolved("Images"))
    assert set(images["data"][0]) <= set(resolved("Datum"))
    assert set(ada_calls.generate(dry_run=True).json()) == set(resolved("DryRun"))
    assert set(ada_calls.get(f"/v1/jobs/{images['x_jobs'][0]}").json()) == set(resolved("Job"))
    page = ada_calls.get("/v1/images").json()
    assert set(page) == set(resolved("ImageList"))
    assert set(page["data"][0]) == set(resolved("Image"))
    collection = ada_calls.post("/v1/collections", {"name": "Best"}).json()
    assert set(collection) == set(resolved("Collection"))
    assert set(ada_calls.get("/v1/collections").json()) == set(resolved("CollectionList"))
    gone = ada_calls.client.delete(
        f"/v1/collections/{collection['id']}",
        headers={"Authorization": f"Bearer {ada_calls.secret}"},
    )
    assert set(gone.json()) == set(resolved("Deleted"))
    models = ada_calls.get("/v1/models").json()
    assert set(models) == set(resolved("ModelList"))
    for model in models["data"]:
        assert set(model) == set(resolved("Model"))
        assert set(model["limits"]) == set(resolved("Model")["limits"]["properties"])
    assert set(ada_calls.get("/v1/usage").json()) == set(resolved("Usage"))
    assert set(ada_calls.get("/v1/nothing").json()) == set(resolved("Error"))


def test_the_page_shows_this_server(client: Client) -> None:
    response = client.get("/v1/docs")
    page = response.content.decode()
    assert (response.status_code, response["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert page.count("http://testserver/v1") >= 7
    for name in (*fields.FIELDS["generate"], *fields.IGNORED):
        if name != "stream":
            assert f"<code>{name}</code>" in page
    assert "POST /v1/images/generations" in page
    for name in finding.FILTERS:
        assert f"<code>{name}</code>" in page
    words = " ".join(re.sub("<[^>]+>", " ", page).split())
    for model in catalog.models().values():
        steps = model.steps
        assert f"steps {steps.minimum:g} to {steps.maximum:g}, default {steps.default:g}." in words
    assert "size , height x width: 1024x1024, 768x1360" in words
    assert "HTTP/1.1 202 Accepted" in words
    assert "Idempotency-Key" in page
    for status, codes in errors.CODES.items():
        assert f"<code>{status}</code>" in page or status in {405, 500}
        assert all(f"<code>{code}</code>" in page for code in codes) or status in {405, 500}
    assert set(re.findall(r'<(?:script|link|img)[^>]* (?:src|href)="(.)[^/]', page)) == {"/"}
    assert page.count("<copy-button") == 1 + len(re.findall('<pre id="[a-z]+-', page))
    for name in re.findall('href="#([^"]+)"', page):
        assert f'id="{name}"' in page
    response = client.post("/v1/docs")
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")
    assert response.json()["error"]["code"] == "method_not_allowed"


def test_every_code_has_its_status() -> None:
    """As they are written in the code, and as jobs end."""
    written = {
        code
        for file in Path(schema.__file__).parent.glob("*.py")
        for code in re.findall(r'code="([a-z_]+)"', file.read_text())
    }
    known = {code for codes in errors.CODES.values() for code in codes}
    in_data = {"deleted"}
    assert written - in_data <= known
    for code, status in presenting._STATUSES.items():
        assert code in errors.CODES[status]
