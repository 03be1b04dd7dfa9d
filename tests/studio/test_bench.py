"""The picture that is being worked on, and its chain with the branches beside it."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import workspaces
from accounts.models import User, Workspace
from gallery.models import Image
from studio import bench
from tests.gallery.test_families import made_of
from tests.gallery.test_gallery_pages import rows

HTMX = {"HX-Request": "true"}


def drawn(image: Image) -> str:
    """Such as "photo > hat (beard) > [dog]": the branches in round brackets, here in square."""
    steps = []
    for step in bench.of(image).steps:
        name = f"[{step.image.prompt}]" if step.is_here else step.image.prompt
        beside = " ".join(each.prompt for each in step.beside)
        steps.append(f"{name} ({beside})" if beside else name)
    return " > ".join(steps)


@pytest.fixture
def family(workspace: Workspace) -> dict[str, Image]:
    """A photo; a hat on it, a dog, a cat; beside the hat a beard, beside the dog a fox."""
    photo = made_of(None, "photo", workspace)
    hat = made_of(photo, "hat", workspace)
    beard = made_of(photo, "beard", workspace)
    dog = made_of(hat, "dog", workspace)
    fox = made_of(hat, "fox", workspace)
    cat = made_of(dog, "cat", workspace)
    made = (photo, hat, beard, dog, fox, cat)
    return {image.prompt: image for image in made}


@pytest.mark.parametrize(
    ("here", "chain"),
    [
        ("cat", "photo > hat (beard) > dog (fox) > [cat]"),
        ("dog", "photo > hat (beard) > [dog] (fox) > cat"),
        ("fox", "photo > hat (beard) > [fox] (dog)"),
        ("beard", "photo > [beard] (hat)"),
    ],
)
def test_the_chain_leads_through_the_picture(
    family: dict[str, Image], here: str, chain: str
) -> None:
    assert drawn(family[here]) == chain


def test_from_the_first_picture_the_chain_goes_on_to_what_was_made_last(
    family: dict[str, Image], workspace: Workspace
) -> None:
    assert drawn(family["photo"]) == "[photo] > beard (hat)"
    made_of(family["beard"], "tie", workspace)
    assert drawn(family["photo"]) == "[photo] > beard (hat) > tie"


def test_before(family: dict[str, Image]) -> None:
    assert bench.of(family["cat"]).before == family["dog"]
    assert bench.of(family["photo"]).before is None


def test_what_is_in_the_trash_is_left_out(family: dict[str, Image]) -> None:
    Image.objects.filter(prompt__in=("beard", "dog")).update(deleted_at=timezone.now())
    assert drawn(family["cat"]) == "photo > hat > [cat]"
    assert bench.of(family["cat"]).before is None
    assert not bench.of(family["cat"]).can_be_made_again


def test_a_chain_costs_as_many_queries_however_long_it_is(
    family: dict[str, Image], workspace: Workspace
) -> None:
    with CaptureQueriesContext(
        connection,
    ) as few:
        bench.of(family["cat"])
    last = family["cat"]
    for number in range(30):
        rows(workspace, 3, prompt="beside", parent=last)
        last = made_of(last, str(number), workspace)
    with CaptureQueriesContext(connection) as many:
        chain = bench.of(last).steps
    assert len(few) == len(many) == 5
    assert len(chain) > 30


def test_the_bench_of_others_is_not_there(
    client: Client, family: dict[str, Image], mallory: User
) -> None:
    address = reverse("studio:bench", args=[family["cat"].pk])
    assert client.get(address, headers=HTMX).status_code == 401
    client.force_login(mallory)
    assert client.get(address, headers=HTMX).status_code == 404
    theirs = made_of(None, "theirs", workspaces.personal(mallory))
    answer = client.get(reverse("studio:bench", args=[theirs.pk]), headers=HTMX)
    assert (answer.status_code, answer["X-Easel"]) == (200, "fragment")


def test_the_page_shows_the_picture_that_its_address_names(
    as_ada: Client, family: dict[str, Image]
) -> None:
    page = as_ada.get("/", {"source": family["dog"].pk}).content.decode()
    assert f'data-image="{family["dog"].pk}"' in page
    for name in ("photo", "hat", "beard", "fox", "cat"):
        assert f'href="/?source={family[name].pk}"' in page, "links work without JavaScript"
    assert "data-image" not in as_ada.get("/").content.decode()


def test_what_is_refused_keeps_the_picture(as_ada: Client, family: dict[str, Image]) -> None:
    """Without JavaScript the whole page comes again."""
    answer: Any = as_ada.post("/jobs/", {"prompt": "", "source": family["dog"].pk})
    assert answer.status_code == 422
    assert answer.context["bench"].image == family["dog"]


# Remix


def test_remix_fills_in_prompt_and_settings(as_ada: Client, workspace: Workspace) -> None:
    columns = {"negative_prompt": "fog", "seed": 0, "steps": 9, "cfg_scale": 2.5}
    (image,) = rows(workspace, 1, prompt="a <lake>", model="step-image-edit-2", **columns)
    address = f"/?remix={image.pk}"
    assert address in as_ada.get(reverse("gallery:image_page", args=[image.pk])).content.decode()
    page = as_ada.get(address).content.decode()
    assert ">a &lt;lake&gt;</textarea>" in page
    assert ">fog</textarea>" in page
    for name, value in (("seed", "0"), ("steps", "9"), ("cfg_scale", "2.5")):
        assert as_ada.get(address).context["form"][name].value() == columns[name]
        assert f'value="{value}"' in page
    assert 'data-seed="0"' in page


def test_remix_of_an_edit_begins_with_its_photo(
    as_ada: Client, family: dict[str, Image], mallory: User
) -> None:
    answer = as_ada.get("/", {"remix": family["dog"].pk})
    assert answer.context["source"] == family["hat"]
    theirs = made_of(None, "theirs", workspaces.personal(mallory))
    assert "theirs" not in as_ada.get("/", {"remix": theirs.pk}).content.decode()
