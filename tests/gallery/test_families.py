"""The tree of edits, and the way from the first picture to one."""

from typing import Any

import pytest
from django.utils import timezone

from accounts import workspaces
from accounts.models import User, Workspace
from gallery import families
from gallery.families import MAX_IMAGES
from gallery.models import Image
from tests.gallery.test_gallery_pages import rows


def made_of(parent: Image | None, prompt: str, workspace: Workspace) -> Image:
    [image] = rows(workspace, 1, prompt=prompt, parent=parent)
    return image


def drawn(image: Image) -> list[tuple[str, int, int | None]]:
    steps = families.tree(image).steps
    return [(step.image.prompt, step.level, step.source) for step in steps]


@pytest.fixture
def family(workspace: Workspace) -> dict[str, Image]:
    """A photo; a hat on it, then a dog; beside the hat a beard."""
    photo = made_of(None, "photo", workspace)
    hat = made_of(photo, "hat", workspace)
    beard = made_of(photo, "beard", workspace)
    dog = made_of(hat, "dog", workspace)
    return {"photo": photo, "hat": hat, "beard": beard, "dog": dog}


@pytest.mark.parametrize("here", ["photo", "hat", "beard", "dog"])
def test_a_tree_is_the_same_from_each_of_its_images(family: dict[str, Image], here: str) -> None:
    assert drawn(family[here]) == [
        ("photo", 0, None),
        ("hat", 1, None),
        ("dog", 1, None),
        ("beard", 1, 1),
    ]


def test_the_way_to_an_image(family: dict[str, Image]) -> None:
    assert families.chain(family["dog"]) == [family["photo"], family["hat"], family["dog"]]


def test_an_image_alone_is_a_tree_of_one(workspace: Workspace) -> None:
    alone = made_of(None, "alone", workspace)
    assert drawn(alone) == [("alone", 0, None)]
    assert not families.tree(alone).is_cut


def test_what_is_in_the_trash_keeps_its_place_unseen(family: dict[str, Image]) -> None:
    Image.objects.filter(prompt="hat").update(deleted_at=timezone.now())
    assert [prompt for prompt, *_ in drawn(family["dog"])] == ["photo", "dog", "beard"]
    assert families.chain(family["dog"]) == [family["photo"], family["dog"]]


def test_a_family_ends_at_its_workspace(family: dict[str, Image], mallory: User) -> None:
    theirs = workspaces.personal(mallory)
    copied = made_of(family["hat"], "copied", theirs)
    assert drawn(copied) == [("copied", 0, None)]
    assert "copied" not in dict.fromkeys(prompt for prompt, *_ in drawn(family["photo"]))


def test_a_large_family_is_cut_but_never_around_the_image(
    family: dict[str, Image], workspace: Workspace, django_assert_num_queries: Any
) -> None:
    rows(workspace, MAX_IMAGES + 20, prompt="more", parent=family["photo"])
    last = made_of(family["dog"], "last", workspace)
    child = made_of(last, "child", workspace)
    with django_assert_num_queries(3):
        tree = families.tree(last)
    prompts = [step.image.prompt for step in tree.steps]
    assert tree.is_cut
    assert len(prompts) <= 2 * MAX_IMAGES
    assert prompts[:5] == ["photo", "hat", "dog", "last", "child"]
    assert child in [step.image for step in tree.steps]


def test_a_long_chain_is_cut_far_from_the_image(workspace: Workspace) -> None:
    image = None
    for number in range(families.MAX_STEPS + 5):
        image = made_of(image, str(number), workspace)
    assert image
    assert len(families.chain(image)) == families.MAX_STEPS + 1
    assert families.chain(image)[-1] == image
