"""What there is to choose from in the gallery's filters."""

from typing import Any

import pytest
from django.test import Client

from accounts import workspaces
from accounts.models import Membership, User, Workspace
from gallery import facets
from gallery.forms import FilterForm
from gallery.models import Image
from tests.gallery.test_gallery_pages import LIST, rows

pytestmark = pytest.mark.django_db


def test_models_that_made_something_here(workspace: Workspace, mallory: User) -> None:
    for model in ("b", "a", "b", ""):
        rows(workspace, 1, model=model)
    rows(workspace, 1, model="gone", deleted_at="2026-01-01T00:00:00Z")
    rows(workspaces.personal(mallory), 1, model="theirs")
    assert facets.models(workspace) == ["a", "b"]


def test_who_left_is_still_to_choose(
    as_ada: Client, ada: User, ben: User, vera: User, mallory: User, workspace: Workspace
) -> None:
    """Members, whether they made something or not, and those who left images behind."""
    [image] = rows(workspace, 1, created_by=ben)
    rows(workspaces.personal(mallory), 1, created_by=mallory)
    Membership.objects.filter(user=ben, workspace=workspace).delete()
    assert facets.people(workspace) == sorted((ada, ben, vera), key=lambda each: each.pk)
    response = as_ada.get(LIST, {"person": ben.pk})
    assert response.context["images"] == [image]
    assert f'<option value="{ben.pk}" selected>Ben</option>' in response.content.decode()
    Image.objects.all().delete()
    assert ben not in facets.people(workspace)


def test_nothing_is_looked_up_that_nobody_wants(
    workspace: Workspace, ada: User, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        FilterForm({"q": "lake", "model": "b", "seed": "7"}, workspace=workspace).filters()
    with django_assert_num_queries(1):
        form = FilterForm({"person": str(ada.pk)}, workspace=workspace)
        assert form.filters().person == ada.pk
        form.chips()
