"""The whole way, with real processes: a job ends, and the program of docs/webhooks.md hears."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.product import ROOT, Person, Product, free_port, until

pytestmark = pytest.mark.xdist_group("product")
PROMPT = "xyzzy-plugh in the garden"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("webhooks")
    with Product(folder, ENGINE="sketch", WEBHOOK_PRIVATE_HOSTS="127.0.0.1") as running:
        yield running


@pytest.fixture(scope="module")
def ada(product: Product) -> Person:
    ada = product.sign_up()
    product.manage("credit", "ada@example.com", "5", "--reason", "tests")
    return ada


def add(product: Product, port: int) -> str:
    """The only webhook from now on. Returns its secret."""
    code = (
        "from accounts.models import *; from studio.models import *;"
        "from studio.webhooks import keeping;"
        "ada = User.objects.get(email='ada@example.com'); Webhook.objects.all().delete();"
        "print(keeping.add(workspace=ada.personal_workspace, by=ada,"
        f" url='http://127.0.0.1:{port}/')[1])"
    )
    return product.manage("shell", "-c", code).split()[-1]


@contextmanager
def the_program_of_the_docs(port: int, secret: str, folder: Path) -> Iterator[Path]:
    """What it printed."""
    text = (ROOT / "docs" / "webhooks.md").read_text()
    (program,) = re.findall(r"```python\n(.*?)```", text, re.S)
    heard = folder / "heard.txt"
    variables = os.environ | {"EASEL_WEBHOOK_SECRET": secret, "PORT": str(port)}
    with heard.open("wb") as out:
        running = subprocess.Popen([sys.executable, "-c", program], env=variables, stdout=out)
    try:
        yield heard
    finally:
        running.kill()
        running.wait()


def ended(product: Product) -> bool:
    left = "SELECT count(*) FROM studio_job WHERE state IN ('queued', 'running')"
    return bool(product.query(left)[0][0] == 0)


def test_the_program_of_the_docs_hears_also_after_the_sender_was_killed(
    product: Product, ada: Person, tmp_path: Path
) -> None:
    assert not (product.data_dir / "webhooks").exists(), "no sender without a webhook"
    port = free_port()
    secret = add(product, port)
    with the_program_of_the_docs(port, secret, tmp_path) as heard:
        assert ada.create(PROMPT).status_code == 200
        until(lambda: heard.read_text().count("\n") == 1, "hearing of the first")
        (pipe,) = (product.data_dir / "webhooks").glob("*.pipe")
        os.kill(int(pipe.stem), signal.SIGKILL)
        assert ada.create(PROMPT).status_code == 200
        until(lambda: heard.read_text().count("\n") == 2, "hearing of the second")
    jobs = product.query("SELECT id FROM studio_job ORDER BY created_at")
    lines = [line.split() for line in heard.read_text().splitlines()]
    assert [kind for kind, _ in lines] == ["job.succeeded"] * 2
    assert [name.replace("-", "") for _, name in lines] == [each for (each,) in jobs]
    until(lambda: "delivered delivery=" in product.log("worker"), "the line in the log")
    logs = product.log("worker") + product.log("web")
    for hidden in ("xyzzy", secret, secret.removeprefix("whsec_"), f":{port}/"):
        assert hidden not in logs


def test_a_receiver_that_never_answers_keeps_nobody_waiting(product: Product, ada: Person) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        add(product, silent.getsockname()[1])
        for _ in range(6):
            assert ada.create(PROMPT).status_code == 200
        until(lambda: ended(product), "all jobs ending")
        told = "SELECT count(*), sum(attempts > 0), count(duration_ms) FROM studio_delivery"
        until(lambda: product.query(told)[0][:2] == (6, 4), "four on their way, and no more")
        assert product.query(told)[0][2] == 0, "every job has ended, and no attempt"
        worker = product.processes["worker"]
        product.stop("worker")
        assert worker.returncode == 0, "it stops by itself, though four are on their way"
