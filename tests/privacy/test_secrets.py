"""Keys, passwords and prompts stand in no log, task or error page."""

import pytest
from django.test import Client
from django.urls import reverse
from django_q.models import OrmQ, Success

from accounts import ids
from accounts.models import User, Workspace
from studio import jobs, offers
from studio.engines.contract import OutOfService, Refused, Trouble
from tests.privacy.makers import furnish
from tests.studio.makers import Puppet, run_to_end, submit

pytestmark = pytest.mark.django_db
PROMPT, PASSWORD = "a lake that is nobody's business", "a horse, secretly stapled"


def boom() -> None:
    raise RuntimeError("broken")


def test_a_day_of_work_leaves_none_behind(
    client: Client,
    ada: User,
    workspace: Workspace,
    puppet: Puppet,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level("DEBUG", logger="easel")
    furnish(ada, workspace)
    client.post(reverse("account_signup"), {"email": "n@example.com", "password1": PASSWORD})
    client.post(reverse("account_logout"))
    client.post(reverse("account_login"), {"login": ada.email, "password": PASSWORD})
    client.force_login(ada)
    fields = {"name": "mine", "scopes": "generate", "new_id": str(ids.new())}
    page = client.post(reverse("accounts:key_create"), fields).content.decode()
    secret = page[page.index("easel_") :][:53]
    puppet.does += [Refused(f"no: {PROMPT}"), Trouble(PROMPT), OutOfService(PROMPT, fault="key")]
    for _ in range(3):
        (job,) = submit(ada, workspace, prompt=PROMPT)
        run_to_end(job)
    puppet.does += [ValueError(PROMPT)]
    submit(ada, workspace, prompt=PROMPT)
    with pytest.raises(ValueError, match="lake"):
        jobs.run_next()  # the worker's outermost loop logs it
    tasks = [repr(each.task) for each in OrmQ.objects.all()]
    tasks += [repr((each.args, each.kwargs)) for each in Success.objects.all()]
    assert tasks, "doorbells"
    client.raise_request_exception = False
    monkeypatch.setattr(offers, "all_on", boom)
    shown = client.post(reverse("studio:job_create"), {"prompt": PROMPT, "password": PASSWORD})
    assert shown.status_code == 500
    for where in (caplog.text, *tasks, shown.content.decode()):
        for word in (PROMPT, PASSWORD, secret, "correct horse"):
            assert word not in where
