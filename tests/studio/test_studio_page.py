"""The studio page and the endpoints behind it, as a browser uses them."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from accounts import ledger, workspaces
from accounts.models import Plan, Transfer, User, Workspace
from gallery import codec, images
from gallery.codec import CodecBusy
from gallery.images import StorageError
from gallery.models import Image, PendingObject
from studio.models import Job, Offer, State
from tests.gallery import makers
from tests.gallery.test_images import upload
from tests.studio.makers import balance, submit

STUDIO, CREATE = reverse("studio:studio"), reverse("studio:job_create")
SCRIPT = "<script>alert('lake')</script>"
NOWHERE = "00000000-0000-7000-8000-000000000000"
HTMX = {"HX-Request": "true"}


def create(client: Client, **fields: Any) -> HttpResponse:
    return client.post(CREATE, {"prompt": "a lake"} | fields, headers=HTMX)


def photo(data: bytes | None = None, name: str = "photo.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, makers.png() if data is None else data, "image/png")


def files(settings: Any) -> list[Path]:
    root = Path(settings.STORAGES["default"]["OPTIONS"]["location"])
    return [path for path in root.rglob("*") if path.is_file()]


@pytest.fixture
def _nothing_left(workspace: Workspace, settings: Any) -> Any:
    """After the test nothing is charged and nothing is stored, in any workspace."""
    yield
    assert balance(workspace) == (150_000, 0)
    assert not Transfer.objects.filter(state="pending").exists()
    for model in (Job, Image, PendingObject, OrmQ):
        assert not model.objects.exists(), model
    assert not files(settings)


@pytest.fixture
def theirs(mallory: User) -> Image:
    return upload(mallory, workspaces.personal(mallory))


# The page


def test_the_page_shows_the_form_and_the_models(as_ada: Client) -> None:
    page = as_ada.get(STUDIO).content.decode()
    assert "Step Image Edit 2" in page
    assert 'name="prompt"' in page
    assert 'type="file"' in page


def test_going_back_to_the_page_asks_for_it_again(as_ada: Client) -> None:
    """A page that was kept would bring back the name of an order that was sent."""
    first, again = (as_ada.get(STUDIO) for _ in range(2))
    assert "no-store" in first["Cache-Control"]
    assert first.context["order_id"] != again.context["order_id"]


def test_the_page_of_those_not_signed_in(client: Client, db: None) -> None:
    response = client.get(STUDIO)
    assert response.status_code == 200
    assert 'name="prompt"' not in response.content.decode()


@pytest.mark.parametrize("source", ["", "no-id", NOWHERE])
def test_a_source_that_is_none_is_ignored(as_ada: Client, source: str) -> None:
    response = as_ada.get(STUDIO, {"source": source})
    assert response.status_code == 200
    assert response.context["source"] is None


def test_a_source_is_shown_to_its_workspace_only(
    as_ada: Client, ada: User, workspace: Workspace, theirs: Image
) -> None:
    mine = upload(ada, workspace)
    assert as_ada.get(STUDIO, {"source": mine.pk}).context["source"] == mine
    assert as_ada.get(STUDIO, {"source": theirs.pk}).context["source"] is None


def test_the_page_shows_ones_own_jobs_of_this_workspace(
    as_ada: Client, ada: User, ben: User, workspace: Workspace, mallory: User
) -> None:
    mine = submit(ada, workspace)
    submit(ben, workspace)
    submit(mallory, workspaces.personal(mallory))
    assert as_ada.get(STUDIO).context["jobs"] == mine


def test_the_page_is_only_read(as_ada: Client) -> None:
    assert as_ada.post(STUDIO).status_code == 405


def test_the_page_works_while_nothing_is_on_offer(as_ada: Client) -> None:
    Offer.objects.update(is_on=False)
    assert as_ada.get(STUDIO).status_code == 200


# Creating


def test_a_prompt_becomes_a_job_a_hold_and_a_ring(as_ada: Client, workspace: Workspace) -> None:
    response = create(as_ada)
    assert response.status_code == 200
    job = Job.objects.get()
    assert str(job.pk) in response.content.decode()
    assert (job.prompt, job.operation, job.state) == ("a lake", "generate", State.QUEUED)
    assert (job.workspace, job.model) == (workspace, "step-image-edit-2")
    assert balance(workspace) == (150_000, 3_000)
    assert Transfer.objects.get(reference=job.hold).amount_micros == 3_000
    assert OrmQ.objects.count() == 1


def test_without_javascript_the_page_comes_again(as_ada: Client) -> None:
    response = as_ada.post(CREATE, {"prompt": "a lake"})
    assert response.status_code == 302
    assert response["Location"] == STUDIO
    assert Job.objects.count() == 1


def test_four_at_once(as_ada: Client, workspace: Workspace) -> None:
    create(as_ada, count=4, seed=7)
    assert balance(workspace) == (150_000, 12_000)
    assert sorted(Job.objects.values_list("seed", flat=True)) == [7, 8, 9, 10]
    assert Job.objects.values("order_id").distinct().count() == 1
    assert OrmQ.objects.count() == 1


def test_everything_that_the_form_has(as_ada: Client) -> None:
    asked = {"size": "1360x768", "seed": 5, "steps": 12, "cfg_scale": 2.5, "text_mode": True}
    create(as_ada, **asked, negative_prompt="fog\r\nrain", model="step-image-edit-2")
    job = Job.objects.values(*asked, "negative_prompt").get()
    assert job == asked | {"negative_prompt": "fog\nrain"}


def test_a_photo_is_stored_and_edited(as_ada: Client, ada: User, workspace: Workspace) -> None:
    assert create(as_ada, photo=photo()).status_code == 200
    job, image = Job.objects.get(), Image.objects.get()
    assert (job.operation, job.source) == ("edit", image)
    assert (image.kind, image.created_by, image.workspace) == ("upload", ada, workspace)
    assert not PendingObject.objects.exists()


def test_the_same_photo_is_stored_once(as_ada: Client, settings: Any) -> None:
    create(as_ada, photo=photo())
    create(as_ada, photo=photo(name="again.png"))
    assert Job.objects.count() == 2
    assert Image.objects.count() == len(files(settings)) == 1


@pytest.mark.parametrize(
    "name", ["photo.txt", "../../etc/passwd", "x" * 300 + ".png", "a\u202egnp.exe", 'a"b\r\nc.png']
)
def test_a_photos_name_and_type_mean_nothing(as_ada: Client, name: str) -> None:
    file = SimpleUploadedFile("photo", makers.jpeg(), "text/html")
    file._name = name
    assert create(as_ada, photo=file).status_code == 200
    image = Image.objects.get()
    assert image.content_type == "image/jpeg"
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/[0-9a-f-]{36}\.jpg", image.original)


def test_an_image_of_the_workspace_is_edited(
    as_ada: Client, ben: User, workspace: Workspace
) -> None:
    image = upload(ben, workspace)
    create(as_ada, source=image.pk)
    assert Job.objects.get().source == image


def test_a_rewrite_is_kept_for_the_picture(as_ada: Client) -> None:
    create(as_ada, negative_prompt="fog")
    assert "has no effect while guidance is 1.0" in Job.objects.get().notes[0]


def test_a_prompt_is_shown_as_text(as_ada: Client) -> None:
    for page in (create(as_ada, prompt=SCRIPT), as_ada.get(STUDIO)):
        assert SCRIPT not in page.content.decode()
        assert "&lt;script&gt;alert(" in page.content.decode()
    assert Job.objects.get().prompt == SCRIPT


def test_what_is_smuggled_in_is_ignored(
    as_ada: Client, mallory: User, workspace: Workspace
) -> None:
    other = workspaces.personal(mallory)
    create(as_ada, workspace=other.pk, price_micros=0, state="succeeded", price=0)
    job = Job.objects.get()
    assert (job.workspace, job.price_micros, job.state) == (workspace, 3_000, "queued")


def test_a_member_makes_pictures_too(client: Client, ben: User, workspace: Workspace) -> None:
    at_work(client, ben, workspace)
    assert create(client).status_code == 200
    assert (Job.objects.get().workspace, Job.objects.get().created_by) == (workspace, ben)
    assert balance(workspace) == (150_000, 3_000)


def at_work(client: Client, user: User, workspace: Workspace) -> None:
    client.force_login(user)
    session = client.session
    session["workspace"] = str(workspace.pk)
    session.save()


# Refusing: a sentence, nothing charged, nothing stored

WRONG = {
    "no prompt": ({"prompt": ""}, "Write what you would like to see."),
    "513 characters": ({"prompt": "x" * 513}, "This has 513 characters; at most 512 are taken."),
    "NUL": ({"prompt": "a\x00b"}, "Null characters are not allowed."),
    "seed in words": ({"seed": "seven"}, "Use a whole number."),
    "seed 1e309": ({"seed": "1e309"}, "Use a whole number."),
    "seed too large": ({"seed": 2**63}, "The seed is a whole number"),
    "guidance nan": ({"cfg_scale": "nan"}, "Use a number."),
    "guidance 11": ({"cfg_scale": 11}, "guidance of 1 to 10"),
    "steps 51": ({"steps": 51}, "1 to 50 steps"),
    "size": ({"size": "1x1"}, "Step Image Edit 2 makes 1024x1024"),
    "none": ({"count": 0}, "Make 1 to 10 images at once."),
    "too many": ({"count": 11}, "Make 1 to 10 images at once."),
    "off": ({"model": "step-1x-edit"}, "is not on offer at the moment"),
    "unknown": ({"model": SCRIPT}, "There is no model of this name."),
    "cannot edit": ({"model": "step-2x-large", "photo": True}, "cannot edit photos"),
    "4097 pixels": ({"photo": makers.png_of(4097, 1)}, "4097 x 1 pixels"),
    "GIF": ({"photo": makers.moving("GIF", 1)}, "GIF files are not taken"),
    "empty file": ({"photo": b""}, "This file is empty."),
    "text as .png": ({"photo": b"just words"}, "cannot be read as a JPEG, PNG or WebP"),
    "two photos": ({"photo": [True, True]}, "Send one photo at a time."),
    "source": ({"source": "1"}, "This photo is gone."),
    "gone": ({"source": NOWHERE}, "This photo is gone."),
    "no credit": ({"count": 8, "model": "step-2x-large"}, "This costs $0.16 and $0.15 is left."),
}


def as_files(value: Any) -> Any:
    if isinstance(value, list):
        return [as_files(each) for each in value]
    return photo(None if value is True else value)


@pytest.mark.usefixtures("_nothing_left")
@pytest.mark.parametrize("headers", [HTMX, {}], ids=["htmx", "plain"])
@pytest.mark.parametrize("name", WRONG)
def test_a_refusal(as_ada: Client, name: str, headers: dict[str, str]) -> None:
    fields, sentence = WRONG[name]
    fields = {key: as_files(v) if key == "photo" else v for key, v in fields.items()}
    response = as_ada.post(CREATE, {"prompt": "a lake"} | fields, headers=headers)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert "Not charged" in response.content.decode()
    assert SCRIPT not in response.content.decode()


@pytest.mark.usefixtures("_nothing_left")
def test_no_credit_for_a_photo_stores_none(as_ada: Client, workspace: Workspace) -> None:
    ledger.hold(workspace=workspace, amount_micros=150_000, reference="test:all")
    response = create(as_ada, photo=photo())
    ledger.void(reference="test:all")
    assert response.status_code == 422
    assert "This costs $0.003 and $0.00 is left." in response.content.decode()


@pytest.mark.usefixtures("_nothing_left")
def test_bytes_that_are_no_text_end_in_no_error(as_ada: Client) -> None:
    """A lone surrogate cannot come as UTF-8; its bytes are read as unknown characters."""
    body = b"count=0&prompt=%ED%A0%80%FF"
    response = as_ada.post(CREATE, body, content_type="application/x-www-form-urlencoded")
    assert response.status_code == 422


@pytest.mark.parametrize(
    ("limit", "sentence"),
    [
        ("queued_limit", "3 images wait already."),
        ("images_per_day", "The limit of 3 images in 24 hours is reached."),
        ("images_per_month", "The limit of 3 images in 30 days is reached."),
    ],
)
def test_the_plans_limits(
    as_ada: Client, workspace: Workspace, limit: str, sentence: str, settings: Any
) -> None:
    Plan.objects.update(**{limit: 3})
    assert create(as_ada, count=3).status_code == 200
    response = create(as_ada, photo=photo())
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert "Not charged" in response.content.decode()
    assert (Job.objects.count(), Image.objects.count()) == (3, 0)
    assert (balance(workspace), files(settings)) == ((150_000, 9_000), [])
    assert not PendingObject.objects.exists()


@pytest.mark.usefixtures("_nothing_left")
def test_a_storage_that_fails(as_ada: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise StorageError("down")

    monkeypatch.setattr(images, "stage", fail)
    response = create(as_ada, photo=photo())
    assert response.status_code == 503
    assert "could not be kept just now" in response.content.decode()


@pytest.mark.usefixtures("_nothing_left")
def test_when_too_many_photos_are_read(as_ada: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(_data: bytes) -> None:
        raise CodecBusy

    monkeypatch.setattr(codec, "normalise", busy)
    response = create(as_ada, photo=photo())
    assert response.status_code == 503
    assert "Many photos are being read at the moment." in response.content.decode()


@pytest.mark.parametrize("why", ["credit", "plan", "viewer", "words"])
def test_no_photo_is_decoded_for_what_is_refused_anyway(
    client: Client,
    ada: User,
    vera: User,
    workspace: Workspace,
    why: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(codec, "normalise", lambda _: pytest.fail("decoded"))
    at_work(client, vera if why == "viewer" else ada, workspace)
    if why == "credit":
        ledger.hold(workspace=workspace, amount_micros=150_000, reference="test:all")
    if why == "plan":
        Plan.objects.update(images_per_day=0)
    response = create(client, photo=photo(), prompt="" if why == "words" else "a lake")
    assert response.status_code == (403 if why == "viewer" else 422)


def test_anothers_image_is_not_edited(as_ada: Client, theirs: Image, workspace: Workspace) -> None:
    response = create(as_ada, source=theirs.pk)
    assert response.status_code == 422
    assert "This photo is gone." in response.content.decode()
    assert not Job.objects.exists()
    assert balance(workspace) == (150_000, 0)


def test_an_image_in_the_trash_is_not_edited(
    as_ada: Client, ada: User, workspace: Workspace
) -> None:
    image = upload(ada, workspace)
    Image.objects.update(deleted_at=timezone.now())
    assert create(as_ada, source=image.pk).status_code == 422


@pytest.mark.usefixtures("_nothing_left")
def test_a_viewer_makes_nothing(client: Client, vera: User, workspace: Workspace) -> None:
    at_work(client, vera, workspace)
    assert create(client, photo=photo()).status_code == 403


@pytest.mark.usefixtures("_nothing_left")
def test_nobody_makes_nothing(client: Client) -> None:
    assert create(client).status_code == 401
    response = client.post(CREATE, {"prompt": "a lake"})
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))


def test_creating_is_a_post(as_ada: Client) -> None:
    assert as_ada.get(CREATE).status_code == 405


def test_creating_needs_the_token_of_the_page(ada: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    response = create(client)
    assert response.status_code == 403
    assert "This page has grown old" in response.content.decode()
