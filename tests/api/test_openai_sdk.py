"""OpenAI's own SDK against the running product: only address and key are ours."""

import base64
import html
import io
import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import openai
import pytest
from PIL import Image as Pillow

from tests.engines.strict_stepfun import StrictStepfun
from tests.gallery.makers import jpeg
from tests.product import Product
from tests.studio.makers import png

pytestmark = pytest.mark.xdist_group("api_product")
MODEL = "step-image-edit-2"


@pytest.fixture(scope="module")
def strict() -> Iterator[StrictStepfun]:
    with StrictStepfun() as server:
        yield server


@pytest.fixture(scope="module")
def product(strict: StrictStepfun, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with Product(
        tmp_path_factory.mktemp("sdk"),
        ENGINE="stepfun",
        STEP_API_KEY=strict.key,
        STEP_API_BASE=strict.base_url,
    ) as running:
        running.manage("credit", "ada@example.com", "5", "--reason", "tests")
        yield running


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


def test_generate(sdk: openai.OpenAI, product: Product) -> None:
    found = sdk.images.generate(
        model=MODEL,
        prompt="a lake",
        size="768x1360",  # type: ignore[arg-type]
        response_format="b64_json",
        extra_body={"seed": 42, "steps": 4},
    )
    assert found.data
    assert picture(found.data[0].b64_json).size == (1360, 768)
    assert found.data[0].seed == 42  # type: ignore[attr-defined]
    assert found.data[0].finish_reason == "success"  # type: ignore[attr-defined]
    assert found.x_cost == 3_000  # type: ignore[attr-defined]
    assert found._request_id
    assert found._request_id.startswith("req_")


def test_a_link_needs_no_key(sdk: openai.OpenAI) -> None:
    found = sdk.images.generate(model=MODEL, prompt="a lake", user="u1")
    assert found.data
    assert found.data[0].url
    response = httpx.get(found.data[0].url)
    assert response.headers["content-type"] == "image/png"
    assert Pillow.open(io.BytesIO(response.content)).size == (1024, 1024)


def test_four(sdk: openai.OpenAI, product: Product) -> None:
    before = charged_micros(product)
    found = sdk.images.generate(model=MODEL, prompt="a lake", n=4)
    assert found.data
    assert len({each.url for each in found.data}) == 4
    assert charged_micros(product) == before + 12_000


def test_edit_one_file(sdk: openai.OpenAI) -> None:
    """Raw bytes arrive named "upload", without a type."""
    found = sdk.images.edit(
        model=MODEL, image=png(64, 48), prompt="add snow", response_format="b64_json", n=1
    )
    assert found.data
    assert picture(found.data[0].b64_json).size == (64, 48)


def test_edit_a_list_of_one(sdk: openai.OpenAI, tmp_path: Path) -> None:
    file = tmp_path / "photo.jpg"
    file.write_bytes(jpeg(48, 64))
    with file.open("rb") as photo:
        found = sdk.images.edit(
            model=MODEL,
            image=[photo],
            prompt="add snow",
            response_format="b64_json",
            quality="high",
            extra_body={"cfg_scale": 2.5, "text_mode": True},
        )
    assert found.data
    assert picture(found.data[0].b64_json).size == (48, 64)
    assert "quality is ignored" in found.x_warnings[0]  # type: ignore[attr-defined]


def test_models(sdk: openai.OpenAI) -> None:
    found = {model.id: model for model in sdk.models.list()}
    assert found[MODEL].price_micros == 3_000  # type: ignore[attr-defined]
    assert sdk.models.retrieve(MODEL).owned_by == "easel"


def test_its_errors(sdk: openai.OpenAI, product: Product) -> None:
    before = jobs_made(product)
    with pytest.raises(openai.BadRequestError) as bad:
        sdk.images.generate(model=MODEL, prompt="a lake", n=11)
    assert (bad.value.param, bad.value.type) == ("n", "invalid_request_error")
    assert bad.value.request_id
    with pytest.raises(openai.BadRequestError) as bad:
        sdk.images.edit(model=MODEL, image=[png(8, 8), png(8, 8)], prompt="add snow")
    assert bad.value.param == "image"
    with pytest.raises(openai.AuthenticationError) as who:
        sdk.with_options(api_key="easel_wrong").images.generate(model=MODEL, prompt="a lake")
    assert who.value.code == "invalid_api_key"
    with pytest.raises(openai.NotFoundError):
        sdk.models.retrieve("gpt-image-1")
    assert jobs_made(product) == before


def test_a_key_that_may_not(product: Product) -> None:
    secret = product.manage("apikey", "vera@example.com", "tests").splitlines()[-1]
    run = (
        "from accounts.models import ApiKey as K;"
        "K.objects.filter(created_by__email='vera@example.com').update(scopes=['read'])"
    )
    product.manage("shell", "-c", run)
    with (
        openai.OpenAI(base_url=f"{product.url}/v1", api_key=secret) as client,
        pytest.raises(openai.PermissionDeniedError) as no,
    ):
        client.images.generate(model=MODEL, prompt="a lake")
    assert no.value.code == "insufficient_scope"


def test_what_was_accepted_is_never_sent_again(
    sdk: openai.OpenAI, product: Product, strict: StrictStepfun
) -> None:
    """The SDK sends a 5xx twice more by itself; each would be another order."""
    before, charged = jobs_made(product), charged_micros(product)
    strict.faults.extend(["402"])
    with pytest.raises(openai.InternalServerError) as failed:
        sdk.images.generate(model=MODEL, prompt="a lake")
    assert failed.value.status_code == 503
    assert failed.value.code == "out_of_service"
    assert jobs_made(product) == before + 1
    assert charged_micros(product) == charged


def test_fifty_identical_requests_at_once(
    product: Product, secret: str, strict: StrictStepfun
) -> None:
    before, charged, made = jobs_made(product), charged_micros(product), strict.images_made
    gate = threading.Barrier(50)

    def call(_: int) -> tuple[int, str]:
        gate.wait(30)
        response = httpx.post(
            f"{product.url}/v1/images/generations",
            json={"model": MODEL, "prompt": "a lake", "response_format": "b64_json"},
            headers={"Authorization": f"Bearer {secret}", "Idempotency-Key": "fifty"},
            timeout=60,
        )
        return response.status_code, response.text

    with ThreadPoolExecutor(50) as pool:
        answers = set(pool.map(call, range(50)))
    assert len(answers) == 1
    assert next(iter(answers))[0] == 200
    assert jobs_made(product) == before + 1
    assert charged_micros(product) == charged + 3_000
    assert strict.images_made == made + 1


def test_who_hangs_up_finds_the_image(product: Product, secret: str, strict: StrictStepfun) -> None:
    from tests.product import until

    strict.delay_seconds = 0.5
    try:
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(
                f"{product.url}/v1/images/generations",
                json={"model": MODEL, "prompt": "left behind"},
                headers={"Authorization": f"Bearer {secret}"},
                timeout=httpx.Timeout(10, read=0.2),
            )
    finally:
        strict.delay_seconds = 0.0

    def found() -> bool:
        page = httpx.get(
            f"{product.url}/v1/images", headers={"Authorization": f"Bearer {secret}"}
        ).json()
        return any(each["prompt"] == "left behind" for each in page["data"])

    until(found, "the image being kept")


def test_two_headers_are_refused(product: Product, secret: str) -> None:
    headers = [("Authorization", f"Bearer {secret}"), ("Authorization", f"Bearer {secret}")]
    assert httpx.get(f"{product.url}/v1/models", headers=headers).status_code == 401


def test_a_body_in_chunks(product: Product, secret: str) -> None:
    """As the SDK for Node sends photos: without a length."""

    def parts(size: int) -> Iterator[bytes]:
        yield b'{"prompt": "a lake", "dry_run": true, "user": "'
        yield from [b"x" * 1024 * 1024] * size
        yield b'"}'

    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    for size, status in ((2, 200), (29, 413)):
        response = httpx.post(
            f"{product.url}/v1/images/generations", content=parts(size), headers=headers
        )
        assert response.status_code == status, response.text


def test_nothing_private_is_logged(product: Product, secret: str) -> None:
    headers = {"Authorization": f"Bearer {secret}"}
    for body in ({"prompt": "walrus in silk"}, {"prompt": "walrus in silk", "n": 0}):
        httpx.post(f"{product.url}/v1/images/generations", json=body, headers=headers)
    for role in ("web", "worker"):
        assert secret not in product.log(role)
        assert "walrus" not in product.log(role)


def examples(product: Product, language: str) -> list[str]:
    """As somebody copies them from the page."""
    page = html.unescape(httpx.get(f"{product.url}/v1/docs").text)
    found = re.findall(rf"<h3>{language}</h3>\s*<pre[^>]*><code>(.*?)</code></pre>", page, re.S)
    assert len(found) == 2
    return found


@pytest.fixture
def desk(product: Product, secret: str, tmp_path: Path) -> Callable[..., str]:
    """Runs a program where the examples' photo lies, with the key in its variable."""
    (tmp_path / "photo.jpg").write_bytes(jpeg(64, 48))

    def run(*command: str) -> str:
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env=product.environment | {"EASEL_API_KEY": secret},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not here")
def test_the_examples_for_curl(product: Product, desk: Callable[..., str]) -> None:
    for example in examples(product, "curl"):
        body = json.loads(desk("sh", "-c", example))
        assert body["data"][0]["finish_reason"] == "success"


def test_the_examples_for_python(
    product: Product, desk: Callable[..., str], tmp_path: Path
) -> None:
    generate, edit = examples(product, "Python")
    assert desk(sys.executable, "-c", generate).startswith(f"{product.url}/v1/images/")
    desk(sys.executable, "-c", edit)
    assert Pillow.open(io.BytesIO((tmp_path / "winter.png").read_bytes())).size == (64, 48)


NODE = """
import OpenAI from "openai";
const client = new OpenAI({ baseURL: "BASE", apiKey: process.env.EASEL_API_KEY });
try {
  await client.images.generate({ model: "step-image-edit-2", prompt: "a lake", n: 11 });
} catch (error) {
  console.log(JSON.stringify([error.constructor.name, error.status, error.param, error.requestID]));
}
"""


@pytest.mark.long
@pytest.mark.skipif(not shutil.which("npm"), reason="Node is not here")
def test_the_sdk_for_node(product: Product, desk: Callable[..., str], tmp_path: Path) -> None:
    desk("npm", "install", "--silent", "--no-audit", "--no-fund", "openai")
    generate, edit = examples(product, "Node")
    for name, program in (("generate", generate), ("edit", edit), ("refused", NODE)):
        (tmp_path / f"{name}.mjs").write_text(program.replace("BASE", f"{product.url}/v1"))
    assert desk("node", "generate.mjs").startswith(f"{product.url}/v1/images/")
    desk("node", "edit.mjs")
    assert Pillow.open(io.BytesIO((tmp_path / "winter.png").read_bytes())).size == (64, 48)
    name, status, param, request_id = json.loads(desk("node", "refused.mjs"))
    assert (name, status, param) == ("BadRequestError", 400, "n")
    assert request_id.startswith("req_")
