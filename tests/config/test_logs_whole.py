"""Nothing that a person writes and no secret is logged, whatever happens; lines can be joined."""

import io
import json
import logging
import logging.config
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts import keys
from accounts.models import User, Workspace
from config import logs
from studio import jobs, offers
from studio.engines.contract import Refused, Trouble
from tests.studio.makers import Puppet, submit

pytestmark = pytest.mark.django_db
PROMPT = "zebra-crossing at midnight"
PASSWORD = "hunter2 hunter2"


@pytest.fixture(params=["line", "json"])
def written(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """What the installation's handler writes, of every logger and every level."""
    made = logging.config.DictConfigurator(logs.settings(request.param))  # type: ignore[attr-defined]
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(made.configure_formatter(made.config["formatters"][request.param]))
    for name in ("without_rows", "in_context"):
        handler.addFilter(made.configure_filter(made.config["filters"][name]))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield text
    root.removeHandler(handler)
    root.setLevel(level)


def test_no_prompt_and_no_secret(
    written: io.StringIO,
    client: Client,
    ada: User,
    workspace: Workspace,
    puppet: Puppet,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, secret = keys.issue(workspace=workspace, by=ada, name="script")
    client.post(reverse("account_login"), {"login": ada.email, "password": PASSWORD})
    client.force_login(ada)
    client.post(reverse("studio:job_create"), {"prompt": PROMPT})
    puppet.does = [Trouble("It broke.", trace_id="tr-1"), Refused(f"Not “{PROMPT}”.", detail="400")]
    for _ in range(3):
        submit(ada, workspace, prompt=PROMPT)
        jobs.run_next()
    headers = {"authorization": f"Bearer {secret}"}
    order = json.dumps({"prompt": PROMPT, "model": "no-such"})
    api = "/v1/images/generations"
    client.post(api, order, content_type="application/json", headers=headers)
    client.get("/gallery/", {"q": PROMPT})
    client.get("/nowhere/", {"q": PROMPT})
    monkeypatch.setattr(offers, "all_on", lambda: 1 / 0)
    client.raise_request_exception = False
    assert client.get("/", {"prompt": PROMPT}).status_code == 500
    lines = written.getvalue()
    assert "submitted" in lines
    assert "trace=tr-1" in lines or '"trace": "tr-1"' in lines
    assert "ZeroDivisionError" in lines
    for word in ("zebra", PASSWORD, secret, secret[-20:]):
        assert word not in lines, word


def test_lines_of_a_request_bear_its_name(
    written: io.StringIO, as_ada: Client, workspace: Workspace
) -> None:
    answer = as_ada.post(reverse("studio:job_create"), {"prompt": "a lake"})
    name = answer.headers["X-Request-Id"]
    line = next(each for each in written.getvalue().splitlines() if "submitted job=" in each)
    assert name in line
    if line.startswith("{"):
        found: dict[str, Any] = json.loads(line)
        assert found["request"] == name
        assert found["level"] == "INFO"
        assert len(found["job"]) == 36
    submit(User.objects.get(), workspace)
    assert name not in written.getvalue().splitlines()[-1]  # it has ended
