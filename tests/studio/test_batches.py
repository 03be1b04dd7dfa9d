"""One instruction for many pictures: one quote, all holds or none, progress, stop."""

from typing import Any
from uuid import UUID

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts import workspaces
from accounts.models import Role, User, Workspace
from gallery.models import Image
from gallery.trash import trash
from studio import jobs
from studio.models import Job, Priority, State
from tests.gallery.makers import png
from tests.gallery.test_images import upload
from tests.studio.makers import Puppet, balance

pytestmark = pytest.mark.django_db
CREATE = reverse("studio:batch_create")


def pictures(ada: User, workspace: Workspace, count: int) -> list[str]:
    return [str(upload(ada, workspace, png(32 + number, 48)).pk) for number in range(count)]


def order(client: Client, images: list[str], **fields: Any) -> HttpResponse:
    asked = {"prompt": "make it darker", "model": "step-image-edit-2", "image": images}
    return client.post(CREATE, asked | fields)


def test_all_are_ordered_at_once(
    as_ada: Client, ada: User, workspace: Workspace, puppet: Puppet
) -> None:
    images = pictures(ada, workspace, 4)
    assert "Edit 4 · $0.012" in as_ada.get(CREATE, {"image": images}).content.decode()
    answer = order(as_ada, images)
    assert answer.status_code == 302
    made = list(Job.objects.in_turn())
    assert [str(job.source_id) for job in made] == images
    assert {job.priority for job in made} == {Priority.BATCH}
    assert len({job.order_id for job in made}) == 1
    assert balance(workspace) == (150_000, 12_000)
    while jobs.run_next():
        pass
    page = as_ada.get(answer["Location"]).content.decode()
    assert "4 of 4 done" in page
    assert balance(workspace) == (138_000, 0)


def test_too_little_credit_orders_none(as_ada: Client, ada: User, workspace: Workspace) -> None:
    images = pictures(ada, workspace, 51)
    answer = order(as_ada, images)
    assert answer.status_code == 422
    assert "Not charged." in answer.content.decode()
    assert not Job.objects.exists()
    assert balance(workspace) == (150_000, 0)


def test_a_picture_that_goes_meanwhile_is_said(
    as_ada: Client, ada: User, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen, submit = pictures(ada, workspace, 2), jobs.submit

    def late(**order: Any) -> list[Job]:
        trash(images=order["source"][:1], by=ada)
        return submit(**order)

    monkeypatch.setattr(jobs, "submit", late)
    answer = order(as_ada, chosen)
    assert answer.status_code == 422
    assert "The photo is not here any more." in answer.content.decode()
    assert balance(workspace) == (150_000, 0)


def test_a_form_sent_twice_is_one_order(as_ada: Client, ada: User, workspace: Workspace) -> None:
    images = pictures(ada, workspace, 2)
    order_id = "01900000-0000-7000-8000-000000000001"
    assert (
        order(as_ada, images, order_id=order_id)["Location"]
        == (order(as_ada, images, order_id=order_id)["Location"])
    )
    assert Job.objects.count() == 2


def test_stopping_gives_the_rest_back(
    as_ada: Client, ada: User, workspace: Workspace, puppet: Puppet
) -> None:
    order(as_ada, pictures(ada, workspace, 3))
    jobs.run_next()
    made = Job.objects.first()
    assert made
    as_ada.post(reverse("studio:batch_stop", args=[made.order_id]))
    states = sorted(Job.objects.values_list("state", flat=True))
    assert states.count(State.CANCELLED) + states.count(State.SUCCEEDED) == 3
    assert balance(workspace)[1] == 0


@pytest.mark.parametrize("prompt", ["", "x" * 513])
def test_what_is_wrong_is_said(
    as_ada: Client, ada: User, workspace: Workspace, prompt: str
) -> None:
    assert order(as_ada, pictures(ada, workspace, 1), prompt=prompt).status_code == 422
    assert not Job.objects.exists()


def test_pictures_of_others_are_not_taken(as_ada: Client, mallory: User) -> None:
    theirs = pictures(mallory, workspaces.personal(mallory), 1)
    answer = order(as_ada, [*theirs, "x", "\x00"])
    assert answer.status_code == 200
    assert "Choose up to 100 pictures" in answer.content.decode()
    assert not Job.objects.exists()
    assert Image.objects.filter(pk=UUID(theirs[0])).exists()


def test_the_gallery_offers_it_to_those_who_may_make(
    as_ada: Client, ada: User, workspace: Workspace
) -> None:
    images = pictures(ada, workspace, 2)
    address, button = reverse("gallery:image_list"), f'formaction="{CREATE}"'
    assert button in as_ada.get(address).content.decode()
    chosen = as_ada.post(CREATE, {"image": images, "next": address})
    assert "Edit 2 · $0.006" in chosen.content.decode()
    workspace.memberships.filter(user=ada).update(role=Role.VIEWER)
    assert button not in as_ada.get(address).content.decode()
