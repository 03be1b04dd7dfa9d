"""Photos that people bring, in a workspace whose owner has them removed after some days."""

from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User, Workspace
from accounts.workspaces import NotAllowed
from gallery import images, retention
from gallery.models import Image
from studio import audit
from tests.privacy.makers import picture
from tests.studio.makers import submit

pytestmark = pytest.mark.django_db


def aged(image: Image, **ago: int) -> Image:
    Image.objects.filter(pk=image.pk).update(created_at=timezone.now() - timedelta(**ago))
    image.refresh_from_db()
    return image


def photo(workspace: Workspace, by: User, **ago: int) -> Image:
    return aged(picture(workspace, by, kind="upload", prompt=""), **ago)


def left() -> set[str]:
    retention.sweep(at=timezone.now())
    return {str(pk) for pk in Image.objects.values_list("pk", flat=True)}


def test_old_photos_go_with_their_bytes_and_nothing_else(
    ada: User, mallory: User, workspace: Workspace
) -> None:
    old, young = photo(workspace, ada, days=8), photo(workspace, ada, days=6)
    trashed = photo(workspace, ada, days=9)
    images.trash(images=[trashed], by=ada)
    made = aged(picture(workspace, ada, kind="edited", parent=old), days=8)
    others = photo(mallory.personal_workspace, mallory, days=30)
    everything = {str(each.pk) for each in (old, young, trashed, made, others)}
    assert left() == everything, "nobody asked for it"
    retention.set_days(workspace=workspace, by=ada, days=7)
    assert left() == {str(each.pk) for each in (young, made, others)}
    assert not default_storage.exists(old.original)
    assert default_storage.exists(others.original)
    made.refresh_from_db()
    assert made.parent is None
    assert list(audit.findings()) == []


def test_one_that_a_job_has_still_to_edit_waits(ada: User, workspace: Workspace) -> None:
    old = photo(workspace, ada, days=8)
    submit(ada, workspace, source=old)
    retention.set_days(workspace=workspace, by=ada, days=7)
    assert left() == {str(old.pk)}


def test_who_brings_it_again_has_it_for_the_whole_time(ada: User, workspace: Workspace) -> None:
    old = photo(workspace, ada, days=6)
    assert images.same_upload(workspace=workspace, sha256=old.sha256) == old
    retention.set_days(workspace=workspace, by=ada, days=7)
    workspace.refresh_from_db()
    assert images.same_upload(workspace=workspace, sha256=old.sha256) is None
    new = photo(workspace, ada, minutes=1)
    assert images.same_upload(workspace=workspace, sha256=old.sha256) == new


def test_only_an_owner_says_so(ben: User, workspace: Workspace) -> None:
    with pytest.raises(NotAllowed):
        retention.set_days(workspace=workspace, by=ben, days=1)


def test_the_page_asks_once_more_when_photos_go_at_once(
    as_ada: Client, ada: User, workspace: Workspace
) -> None:
    photo(workspace, ada, days=8)
    address = reverse("gallery:retention_change", args=[workspace.pk])
    asked = as_ada.post(address, {"days": "7"})
    assert asked.status_code == 422
    assert "1 photo is older than that" in asked.content.decode()
    workspace.refresh_from_db()
    assert workspace.uploads_kept_days is None
    assert as_ada.post(address, {"days": "7", "is_sure": "on"}).status_code == 302
    workspace.refresh_from_db()
    assert workspace.uploads_kept_days == 7
    assert "7 days" in as_ada.get(reverse("accounts:privacy")).content.decode()
    assert as_ada.post(address, {"days": ""}).status_code == 302
    workspace.refresh_from_db()
    assert workspace.uploads_kept_days is None
    assert as_ada.post(address, {"days": "3"}).status_code == 422
