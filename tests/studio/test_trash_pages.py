"""Deleting a picture in the studio, and undoing it."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User, Workspace
from gallery.models import Image
from studio.models import Job
from tests.studio.makers import Puppet, run_to_end, submit

HTMX = {"HX-Request": "true"}


@pytest.fixture
def job(ada: User, workspace: Workspace, puppet: Puppet) -> Job:
    (job,) = submit(ada, workspace)
    return run_to_end(job)


def test_deleting_and_undoing_it(as_ada: Client, job: Job) -> None:
    trash, restore = (
        reverse(f"studio:{verb}", args=[job.image_id]) for verb in ("image_trash", "image_restore")
    )
    assert trash in as_ada.get("/").content.decode()
    page = as_ada.post(trash, headers=HTMX).content.decode()
    assert "The picture is in the trash." in page
    assert page.count(restore) == 4, "on its card and beside it, with and without JavaScript"
    assert not Image.objects.filter(deleted_at=None).exists()
    assert "This picture is not here any more." in as_ada.get("/").content.decode()
    assert as_ada.post(trash, headers=HTMX).status_code == 200, "may be repeated"

    page = as_ada.post(restore, headers=HTMX).content.decode()
    assert "The picture is back." in page
    assert f'data-image="{job.image_id}"' in page
    assert Image.objects.filter(deleted_at=None).count() == 1


def test_without_javascript_the_page_comes_again(as_ada: Client, job: Job) -> None:
    trash = reverse("studio:image_trash", args=[job.image_id])
    page = as_ada.post(trash, follow=True).content.decode()
    assert "The picture is in the trash." in page


def test_a_viewer_deletes_nothing(client: Client, vera: User, job: Job) -> None:
    client.force_login(vera)
    trash = reverse("studio:image_trash", args=[job.image_id])
    assert client.post(trash, headers=HTMX).status_code == 403
    assert not Image.objects.exclude(deleted_at=None).exists()
