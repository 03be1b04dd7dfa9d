"""Changing only a part of a photo: from what the page sends to the picture that comes of it."""

import io
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image as Pillow

from accounts.models import User, Workspace
from gallery import images
from gallery.models import Image, PendingObject
from gallery.pictures import normalise
from studio import audit, jobs
from studio.engines.contract import Trouble
from studio.engines.sketch import SketchEngine
from studio.jobs import Region, Upload
from studio.models import Job
from studio.queue import sweep
from tests.gallery import makers
from tests.gallery.test_compose import grown, mask
from tests.gallery.test_images import upload
from tests.studio.makers import Puppet, balance, gives, png, run_to_end, submit
from tests.studio.test_studio_page import create

HOLE = (10, 10, 30, 30)


def sent(data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("region.png", data, "image/png")


def array(image: Image) -> Any:
    return np.asarray(Pillow.open(io.BytesIO(images.read(image.original))).convert("RGB"))


def made_of(job: Job) -> Image:
    job = run_to_end(job)
    assert job.image, job.error
    return job.image


@pytest.fixture
def photo(ada: User, workspace: Workspace) -> Image:
    return upload(ada, workspace, makers.png(64, 48))


def test_an_image_of_the_gallery_is_changed_in_its_region_only(
    as_ada: Client, photo: Image, puppet: Puppet
) -> None:
    puppet.does = [gives(png(64, 48, "white"))]
    answer = create(as_ada, source=photo.pk, mask=sent(mask(64, 48, HOLE)), feather=3)
    assert answer.status_code == 200, answer.content
    image = made_of(Job.objects.get())
    before, after = array(photo), array(image)
    assert (before != after).any(axis=2)[grown((64, 48), HOLE, -3)].all()
    assert (before == after).all(axis=2)[~grown((64, 48), HOLE, 3)].all()
    assert image.parent == photo
    assert image.changed_outside_percent is not None
    assert image.changed_outside_percent > 90
    assert puppet.calls[0].image == images.read(photo.original), "the engine sees all of it"
    page = as_ada.get(reverse("gallery:image_page", args=[image.pk])).content.decode()
    said = "% would have changed outside the region"
    assert said in page
    assert said in as_ada.get("/").content.decode()


def test_a_photo_that_comes_along_may_have_a_region(
    as_ada: Client, workspace: Workspace, puppet: Puppet
) -> None:
    lying = makers.jpeg(64, 48, exif=makers.exif(orientation=6))
    files = {"photo": sent(lying), "mask": sent(mask(48, 64, HOLE))}
    assert create(as_ada, **files).status_code == 200
    job = Job.objects.get()
    assert job.feather == 2, "the usual, as nothing was said"
    image = made_of(job)
    assert (image.width, image.height) == (48, 64)
    assert (array(image) == array(image.parent)).all(axis=2)[~grown((48, 64), HOLE, 2)].all()


def test_all_images_of_an_order_have_its_region(
    ada: User, workspace: Workspace, photo: Image
) -> None:
    region = Region(mask=normalise(mask(64, 48, HOLE)), feather=7)
    made = submit(ada, workspace, source=photo, region=region, count=3)
    assert {(job.mask, job.feather) for job in made} == {(made[0].mask, 7)}
    assert images.read(made[0].mask) == region.mask.data
    assert PendingObject.objects.count() == 0


def test_a_refused_order_keeps_no_region(
    as_ada: Client, photo: Image, workspace: Workspace
) -> None:
    assert (
        create(as_ada, source=photo.pk, mask=sent(mask(64, 48, HOLE)), prompt="").status_code == 422
    )
    assert (
        create(as_ada, source=photo.pk, mask=sent(mask(64, 48, HOLE)), count=99).status_code == 422
    )
    assert PendingObject.objects.count() == 0
    assert balance(workspace) == (150_000, 0)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "The region cannot be read"),
        (b"no picture", "The region cannot be read"),
        (mask(64, 48), "Nothing in this mask is see-through"),
        (mask(48, 64, HOLE), "48 x 64, which is not the shape of the photo, 64 x 48"),
    ],
)
def test_a_region_that_is_none(
    as_ada: Client, photo: Image, workspace: Workspace, data: bytes, said: str
) -> None:
    answer = create(as_ada, source=photo.pk, mask=sent(data))
    assert (answer.status_code, said in answer.content.decode()) == (422, True)
    assert balance(workspace) == (150_000, 0)


@pytest.mark.parametrize("feather", ["-1", "1025", "1.5", "wide"])
def test_a_feather_that_is_none(as_ada: Client, photo: Image, feather: str) -> None:
    answer = create(as_ada, source=photo.pk, mask=sent(mask(64, 48, HOLE)), feather=feather)
    assert answer.status_code == 422


def test_the_same_form_with_another_region_is_another_order(
    as_ada: Client, photo: Image, puppet: Puppet
) -> None:
    order_id = as_ada.get("/").context["order_id"]
    for hole in (HOLE, HOLE, (0, 0, 5, 5)):
        create(as_ada, order_id=order_id, source=photo.pk, mask=sent(mask(64, 48, hole)))
    assert Job.objects.count() == 2


def test_a_mask_may_be_smaller_than_its_photo(ada: User, workspace: Workspace) -> None:
    """As the studio paints it: at the screen's resolution, and so a pixel off in shape."""
    picture = normalise(makers.png(1000, 751))
    region = Region(mask=normalise(mask(333, 250, (33, 33, 66, 66))), feather=4)
    (job,) = submit(ada, workspace, source=Upload(picture=picture), region=region)
    image = made_of(job)
    outside = ~grown((1000, 751), (99, 99, 198, 198), 8)
    assert (array(image) == array(image.parent)).all(axis=2)[outside].all()


@pytest.mark.parametrize("feather", [0, 3])
def test_a_region_that_failed_is_tried_again(
    as_ada: Client, workspace: Workspace, photo: Image, puppet: Puppet, feather: int
) -> None:
    create(as_ada, source=photo.pk, mask=sent(mask(64, 48, HOLE)), feather=feather)
    puppet.does = [Trouble("503")] * 9
    first = run_to_end(Job.objects.get())
    again = reverse("studio:job_again", args=[first.pk])
    assert again in as_ada.get("/").content.decode()
    sweep.remove_masks(timezone.now() + timedelta(days=29))
    for _ in range(2):
        assert as_ada.post(again, headers={"HX-Request": "true"}).status_code == 200
    second = Job.objects.exclude(pk=first.pk).get()
    assert (second.feather, second.mask != first.mask) == (feather, True)
    sweep.remove_masks(timezone.now() + timedelta(days=31))
    puppet.does = [gives(png(64, 48, "white"))]
    before, after = array(photo), array(made_of(second))
    assert (before == after).all(axis=2)[~grown((64, 48), HOLE, 3)].all()
    assert (before != after).any(axis=2)[grown((64, 48), HOLE, -3)].all()
    assert balance(workspace) == (147_000, 0)
    assert list(audit.findings()) == []


@pytest.mark.parametrize("feather", [0, 3])
def test_a_region_that_is_not_kept_is_never_taken_for_the_whole_photo(
    as_ada: Client, photo: Image, puppet: Puppet, feather: int
) -> None:
    create(as_ada, source=photo.pk, mask=sent(mask(64, 48, HOLE)), feather=feather)
    puppet.does = [Trouble("503")] * 9
    job = run_to_end(Job.objects.get())
    sweep.remove_masks(timezone.now() + timedelta(days=31))
    again = reverse("studio:job_again", args=[job.pk])
    assert again not in as_ada.get("/").content.decode()
    answer = as_ada.post(again, headers={"HX-Request": "true"})
    assert (answer.status_code, Job.objects.count()) == (422, 1)
    assert "The region is not kept any more." in answer.content.decode()


def test_sketch_keeps_what_is_outside(
    ada: User, workspace: Workspace, photo: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.serving.engine", lambda _model: SketchEngine())
    region = Region(mask=normalise(mask(64, 48, HOLE)), feather=2)
    (job,) = submit(ada, workspace, source=photo, region=region, prompt="make it black and white")
    before, after = array(photo), array(made_of(job))
    inside = grown((64, 48), HOLE, -3)
    spread = after[inside].max(axis=1).astype(int) - after[inside].min(axis=1)
    assert spread.max() <= 8, "grey within"
    assert (before == after).all(axis=2)[~grown((64, 48), HOLE, 2)].all()
    assert jobs.run_next() is None
