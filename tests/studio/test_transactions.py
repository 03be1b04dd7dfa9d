"""Who ends an attempt or accepts an order opens the outermost transaction.

Inside another one, what they did could still be undone after they had said that it is done,
and a lock of theirs would be held for as long as the other liked.
"""

from collections.abc import Callable

import pytest
from django.db import transaction

from accounts.models import User, Workspace
from gallery import images
from studio import jobs
from studio.engines.contract import Refused
from studio.models import Job
from tests.gallery.test_images import upload
from tests.studio.makers import Puppet, submit

pytestmark = pytest.mark.django_db

VERBS: dict[str, Callable[[Job], object]] = {
    "submit": lambda job: submit(job.created_by, job.workspace),
    "claim": lambda _: jobs.claim(1),
    "succeed": jobs.run,
    "give up": jobs.run,
    "cancel": lambda job: jobs.cancel(job=job, by=job.created_by),
    "make previews": lambda job: images.make_previews(upload(job.created_by, job.workspace)),
}


@pytest.mark.parametrize("verb", VERBS)
def test_it_is_part_of_no_other(ada: User, workspace: Workspace, puppet: Puppet, verb: str) -> None:
    submit(ada, workspace, count=2)
    (job,) = jobs.claim(1)
    if verb == "give up":
        puppet.does = [Refused("No.")]
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        VERBS[verb](job)
