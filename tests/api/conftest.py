"""Programs with keys, and jobs that run while somebody waits for them."""

import base64
import io
from collections.abc import Collection, Iterator
from typing import Any
from uuid import UUID

import openai
import pytest
from django.core.cache import cache
from django.test import Client
from PIL import Image as Pillow

from accounts import keys, ledger, workspaces
from accounts.models import ApiKey, User, Workspace
from studio import jobs
from studio.models import Job
from tests.engines.strict_stepfun import StrictStepfun
from tests.product import Product
from tests.shapes import MORE, running
from tests.studio.makers import Puppet

MODEL = "step-image-edit-2"


class Program:
    """A client of the API: sends its key, and JSON unless told otherwise."""

    def __init__(self, client: Client, key: ApiKey, secret: str) -> None:
        self.client = client
        self.key = key
        self.secret = secret

    def get(self, path: str, **arguments: Any) -> Any:
        return self.client.get(path, **self._with_key(arguments))

    def post(self, path: str, body: Any = None, **arguments: Any) -> Any:
        arguments.setdefault("content_type", "application/json")
        return self.client.post(path, body, **self._with_key(arguments))

    def form(self, path: str, **fields: Any) -> Any:
        headers = fields.pop("headers", {})
        return self.client.post(path, fields, **self._with_key({"headers": headers}))

    def generate(self, headers: dict[str, str] | None = None, **fields: Any) -> Any:
        body = {"model": "step-image-edit-2", "prompt": "a lake"} | fields
        return self.post("/v1/images/generations", body, headers=headers or {})

    def cap(self, micros: int) -> None:
        ApiKey.objects.filter(pk=self.key.pk).update(monthly_cap_micros=micros)

    def _with_key(self, arguments: dict[str, Any]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.secret}"} | arguments.pop("headers", {})
        return {**arguments, "headers": headers}


def program(user: User, workspace: Workspace | None = None, **columns: Any) -> Program:
    workspace = workspace or workspaces.personal(user)
    key, secret = keys.issue(workspace=workspace, by=user, name="tests")
    if columns:
        ApiKey.objects.filter(pk=key.pk).update(**columns)
        key.refresh_from_db()
    return Program(Client(raise_request_exception=False), key, secret)


@pytest.fixture(autouse=True)
def _no_counts(request: pytest.FixtureRequest) -> None:
    if "db" in request.fixturenames or request.node.get_closest_marker("django_db"):
        request.getfixturevalue("db")
        cache.clear()


@pytest.fixture
def _at_once(puppet: Puppet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for a job runs all that can run, as a worker would meanwhile."""
    wait = jobs.wait

    def run_and_wait(ids: Collection[UUID], timeout_seconds: float) -> list[Job]:
        while timeout_seconds and jobs.run_next():
            Job.objects.exclude(not_before=None).update(not_before=None)
        return wait(ids, 0)

    monkeypatch.setattr(jobs, "wait", run_and_wait)


@pytest.fixture
def ada_calls(_at_once: None, ada: User) -> Program:
    return program(ada)


def balance(workspace: Workspace) -> tuple[int, int]:
    wallet = ledger.credit_of(workspace)
    return wallet.posted_micros, wallet.held_micros


# The running product, once for each file of tests that asks for it


@pytest.fixture(scope="module")
def strict() -> Iterator[StrictStepfun]:
    with StrictStepfun() as server:
        yield server


@pytest.fixture(scope="module", params=MORE)
def product(
    strict: StrictStepfun, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Product]:
    with running(
        request.param,
        tmp_path_factory.mktemp("api"),
        **strict.variables,
    ) as product:
        product.manage("credit", "ada@example.com", "5", "--reason", "tests")
        yield product


@pytest.fixture(scope="module")
def secret(product: Product) -> str:
    return product.manage("apikey", "ada@example.com", "tests").splitlines()[-1]


@pytest.fixture
def sdk(product: Product, secret: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{product.url}/v1", api_key=secret) as client:
        yield client


def picture(text: str | None) -> Pillow.Image:
    assert text
    return Pillow.open(io.BytesIO(base64.b64decode(text)))


def jobs_made(product: Product) -> int:
    return int(product.query("SELECT count(*) FROM studio_job")[0][0])


def charged_micros(product: Product) -> int:
    (row,) = product.query(
        "SELECT coalesce(sum(amount_micros), 0) FROM accounts_transfer "
        "WHERE reference LIKE 'job:%' AND state = 'posted'"
    )
    return int(row[0])
