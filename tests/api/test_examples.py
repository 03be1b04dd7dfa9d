"""What is written to be copied runs: the examples of /v1/docs, and the vendor's for curl."""

import html
import io
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from PIL import Image as Pillow

from tests.api.conftest import picture
from tests.gallery.makers import jpeg
from tests.product import Product

needs_curl = pytest.mark.skipif(not shutil.which("curl"), reason="curl is not here")


# In the vendor's own form, of https://platform.stepfun.ai/docs: only the prompts are ours.
VENDOR = [
    """\
curl -X POST 'https://api.stepfun.ai/v1/images/generations' \\
-H 'Content-Type: application/json' \\
-H "Authorization: Bearer $STEP_API_KEY" \\
-d '{
    "model": "step-image-edit-2",
    "prompt": "A red fox in fresh snow, early light",
    "response_format": "b64_json",
    "cfg_scale": 1.0,
    "steps": 8,
    "seed": 1,
    "text_mode": true
}'
""",
    """\
curl -X POST 'https://api.stepfun.ai/v1/images/edits' \\
-H "Authorization: Bearer $STEP_API_KEY" \\
-F 'model="step-image-edit-2"' \\
-F 'image=@"photo.jpg"' \\
-F 'prompt="Make it winter"' \\
-F 'response_format="b64_json"' \\
-F cfg_scale=1.0 \\
-F steps=8 \\
-F seed=1 \\
-F text_mode=true
""",
]


@needs_curl
@pytest.mark.parametrize(
    ("example", "size"),
    [(VENDOR[0], (1024, 1024)), (VENDOR[1], (64, 48))],
    ids=["generate", "edit"],
)
def test_the_vendors_examples(
    product: Product,
    secret: str,
    desk: Callable[..., str],
    example: str,
    size: tuple[int, int],
) -> None:
    """As printed: only host and key are replaced."""
    here = example.replace("https://api.stepfun.ai", product.url)
    body = json.loads(desk("sh", "-c", f"STEP_API_KEY={secret}; {here}"))
    (datum,) = body["data"]
    assert picture(datum["b64_json"]).size == size
    assert (datum["seed"], datum["finish_reason"]) == (1, "success")
    assert body["x_warnings"] == []


def examples(product: Product, language: str) -> list[str]:
    """As somebody copies them from the page."""
    page = html.unescape(httpx.get(f"{product.url}/v1/docs").text)
    return re.findall(rf'<pre id="\w+-{language}"[^>]*><code>(.*?)</code></pre>', page, re.S)


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


@needs_curl
def test_the_examples_for_curl(product: Product, desk: Callable[..., str]) -> None:
    *at_once, later, find, collect = examples(product, "curl")
    assert len(at_once) == 2
    for example in at_once:
        body = json.loads(desk("sh", "-c", example))
        assert body["data"][0]["finish_reason"] == "success"
    assert json.loads(desk("sh", "-c", later))["state"] == "succeeded"
    assert all("fox" in each["prompt"] for each in json.loads(desk("sh", "-c", find))["data"])
    assert json.loads(desk("sh", "-c", collect))["data"] == []


def test_the_examples_for_python(
    product: Product, desk: Callable[..., str], tmp_path: Path
) -> None:
    generate, edit, more = examples(product, "python")
    cost, seeds = re.findall(r"^(\d+) (\[.*?\])", desk(sys.executable, "-c", more))[0]
    assert (cost, seeds) == ("6000", "[42, 43]")
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
    generate, edit = examples(product, "node")
    for name, program in (("generate", generate), ("edit", edit), ("refused", NODE)):
        (tmp_path / f"{name}.mjs").write_text(program.replace("BASE", f"{product.url}/v1"))
    assert desk("node", "generate.mjs").startswith(f"{product.url}/v1/images/")
    desk("node", "edit.mjs")
    assert Pillow.open(io.BytesIO((tmp_path / "winter.png").read_bytes())).size == (64, 48)
    name, status, param, request_id = json.loads(desk("node", "refused.mjs"))
    assert (name, status, param) == ("BadRequestError", 400, "n")
    assert request_id.startswith("req_")
