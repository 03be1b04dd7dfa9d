"""What people say against shared pictures, and how it is answered in the admin."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts import ids
from accounts.models import User, Workspace
from gallery import collections
from gallery.models import Image, Report, ShareLink
from gallery.sharing import links, reports
from gallery.sharing.links import Terms
from tests.privacy.makers import picture

pytestmark = pytest.mark.django_db
SAID = {"reason": "rights", "text": "It is mine.", "email": "me@example.com"}


@pytest.fixture(autouse=True)
def _fresh(settings: Any) -> None:
    settings.ADMINS = [("Operator", "operator@example.com")]
    cache.clear()


@pytest.fixture
def link(ada: User, workspace: Workspace) -> ShareLink:
    return shared(picture(workspace, ada), ada)


def shared(of: Any, by: User) -> ShareLink:
    return links.make(of=of, by=by, terms=Terms(expires_at=None), link_id=ids.new())


def address(link: ShareLink) -> str:
    return reverse("gallery:share_report", args=[links.address(link).split("/")[-2]])


def test_a_report_arrives_with_the_operator_and_names_nobody(
    client: Client, link: ShareLink, ada: User
) -> None:
    page = client.get(links.address(link).removeprefix("https://localhost")).content.decode()
    assert address(link) in page
    assert "Report this picture" in client.get(address(link)).content.decode()
    assert "Thank you" in client.post(address(link), SAID).content.decode()
    report = Report.objects.get()
    assert (report.image, report.link, report.workspace) == (link.image, link, link.workspace)
    assert (report.reason, report.text, report.email) == tuple(SAID.values())
    (letter,) = mail.outbox
    assert letter.to == ["operator@example.com"]
    assert reverse("admin:gallery_report_change", args=[report.pk]) in letter.body
    assert ada.email not in letter.body + page


def test_one_of_a_collection(client: Client, ada: User, workspace: Workspace) -> None:
    one, other = picture(workspace, ada), picture(workspace, ada)
    collection = collections.create(workspace=workspace, by=ada, name="Lakes")
    collections.add(collection=collection, images=[one], by=ada)
    link = shared(collection, ada)
    client.post(f"{address(link)}?image={one.pk}", SAID)
    client.post(address(link), SAID)
    assert {each.image for each in Report.objects.all()} == {one, None}
    for wrong in (other.pk, "x"):
        assert client.post(f"{address(link)}?image={wrong}", SAID).status_code == 404
    assert Report.objects.count() == 2


@pytest.mark.parametrize(
    "said", [{}, {"reason": "dull"}, {"reason": "other", "email": "x"}, SAID | {"text": "x" * 2001}]
)
def test_what_cannot_be_read_is_told(client: Client, link: ShareLink, said: dict[str, str]) -> None:
    assert client.post(address(link), said).status_code == 422
    assert not Report.objects.exists()


def test_nobody_reports_without_end(client: Client, link: ShareLink) -> None:
    for _ in range(reports.LIMITS["report:{ip}"]):
        assert client.post(address(link), SAID).status_code == 200
    assert client.post(address(link), SAID).status_code == 429
    assert Report.objects.count() == reports.LIMITS["report:{ip}"]


def test_a_link_that_has_ended_takes_no_report(client: Client, ada: User, link: ShareLink) -> None:
    links.revoke(link=link, by=ada)
    assert client.post(address(link), SAID).status_code == 404


# In the admin


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("operator@example.com", "correct horse"))
    return client


def test_an_administrator_looks_stops_removes_and_says_so(
    operator: Client, link: ShareLink
) -> None:
    report = reports.make(link=link, image=link.image, reason="rights")
    shown = operator.get(reverse("admin:gallery_report_picture", args=[report.pk]))
    assert shown["Content-Type"] == "image/webp"
    assert b"".join(shown)  # type: ignore[call-overload]
    listed = reverse("admin:gallery_report_changelist")
    for action in ("stop_links", "remove_pictures"):
        operator.post(listed, {"action": action, "_selected_action": str(report.pk)})
    link.refresh_from_db()
    assert link.revoked_at
    assert Image.objects.get(pk=link.image_id).deleted_at
    change = reverse("admin:gallery_report_change", args=[report.pk])
    assert operator.post(change, {"outcome": "Removed."}).status_code == 302
    report.refresh_from_db()
    assert report.handled_at
    assert report.outcome == "Removed."
    assert LogEntry.objects.count() == 3
    operator.get(listed)  # says what was done, with its name
    opened = operator.get(f"{listed}?handled_at__isempty=1").content.decode()
    assert str(report.pk) not in opened


def test_the_picture_is_for_those_who_may_see_reports(client: Client, link: ShareLink) -> None:
    report = reports.make(link=link, image=link.image, reason="rights")
    address = reverse("admin:gallery_report_picture", args=[report.pk])
    staff = User.objects.create_user("staff@example.com", "correct horse", is_staff=True)
    client.force_login(staff)
    assert client.get(address).status_code == 403
