"""Teams are made, named, funded and closed."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts import ids, keys, ledger, members, periods, teams, workspaces
from accounts.models import Membership, Role, User, Workspace
from accounts.workspaces import NotAllowed
from gallery import images, pictures
from gallery.models import Image
from tests.conftest import person
from tests.gallery.makers import png
from tests.studio.makers import submit

pytestmark = pytest.mark.django_db


def fund(team: Workspace, micros: int = 30_000) -> None:
    ledger.grant(to=team, amount_micros=micros, reference=f"grant:{ids.new()}")


def test_a_team_is_a_workspace_without_credit(ada: User, team: Workspace) -> None:
    assert workspaces.role_of(ada, team) == Role.OWNER
    assert team.is_team
    assert ledger.credit_of(team).posted_micros == 0
    assert [each.workspace for each in workspaces.all_of(ada)] == [workspaces.personal(ada), team]


def test_a_form_that_is_sent_twice_makes_one(as_ada: Client, ada: User) -> None:
    fields = {"name": "  Lake \n house ", "new_id": str(ids.new())}
    for _ in range(2):
        assert as_ada.post(reverse("accounts:workspace_create"), fields).status_code == 302
    assert Workspace.objects.filter(name="Lake house").count() == 1
    assert as_ada.get("/").wsgi_request.workspace.name == "Lake house"


@pytest.mark.parametrize("name", ["", " ", "x" * 61, "http://evil.example", "a\u202eb", "a\x00b"])
def test_a_name_that_is_none(as_ada: Client, team: Workspace, name: str) -> None:
    fields = {"name": name, "new_id": str(ids.new())}
    assert as_ada.post(reverse("accounts:workspace_create"), fields).status_code == 422
    address = reverse("accounts:workspace_rename", args=[team.pk])
    assert as_ada.post(address, {"name": name}).status_code == 422
    assert Workspace.objects.get(pk=team.pk).name == "Lake house"


def test_a_person_owns_so_many(ada: User, team: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teams, "MOST", 2)
    teams.open_team(by=ada, name="Second")
    with pytest.raises(teams.TooMany):
        teams.open_team(by=ada, name="Third")


# Credit


def test_credit_moves_between_workspaces_of_one_owner(ada: User, team: Workspace) -> None:
    own, new_id = workspaces.personal(ada), ids.new()
    for _ in range(2):
        teams.move_credit(source=own, target=team, by=ada, amount_micros=30_000, new_id=new_id)
    assert ledger.credit_of(own).posted_micros == 120_000
    assert ledger.credit_of(team).posted_micros == 30_000
    assert list(periods.drift()) == []


def test_credit_that_is_held_or_not_there_moves_nowhere(ada: User, team: Workspace) -> None:
    own = workspaces.personal(ada)
    submit(ada, own)
    with pytest.raises(teams.NotEnough, match=r"“Personal” has \$0.147"):
        teams.move_credit(source=own, target=team, by=ada, amount_micros=150_000, new_id=ids.new())
    assert ledger.credit_of(own).posted_micros == 150_000


@pytest.mark.parametrize("role", [Role.ADMIN, Role.MEMBER, Role.VIEWER, None])
def test_others_credit_stays(ada: User, team: Workspace, role: Role | None) -> None:
    by = person("Rex", team if role else None, role)
    fund(team)
    for source, target in ((team, workspaces.personal(by)), (workspaces.personal(by), team)):
        with pytest.raises(NotAllowed):
            teams.move_credit(
                source=source, target=target, by=by, amount_micros=1, new_id=ids.new()
            )


def test_the_page_moves_credit(as_ada: Client, ada: User, team: Workspace) -> None:
    address = reverse("accounts:workspace_credit", args=[team.pk])
    own = workspaces.personal(ada)
    fields = {"source": str(own.pk), "amount_micros": "0.05", "new_id": str(ids.new())}
    assert as_ada.post(address, fields | {"amount_micros": "5"}).status_code == 422
    assert as_ada.post(address, fields | {"source": str(team.pk)}).status_code == 422
    assert as_ada.post(address, fields).status_code == 302
    assert ledger.credit_of(team).posted_micros == 50_000


# The end of a team


def test_what_stands_in_the_way_is_said(as_ada: Client, ada: User, team: Workspace) -> None:
    person("Ben", team, Role.MEMBER)
    fund(team)
    submit(ada, team)
    image = images.store(
        workspace_id=team.pk,
        by_id=ada.pk,
        key=images.stage(png(), suffix="png"),
        picture=pictures.verify(png()),
        kind=Image.Kind.GENERATED,
    )
    Image.objects.filter(pk=image.pk).update(deleted_at=image.created_at)
    address = reverse("accounts:workspace_delete", args=[team.pk])
    for response in (as_ada.get(address), as_ada.post(address)):
        page = response.content.decode()
        for words in ("Another person", "$0.03 of credit", "1 picture,", "being made"):
            assert words in page
    assert workspaces.role_of(ada, team) == Role.OWNER


def test_an_empty_team_is_found_by_nobody_any_more(
    as_ada: Client, ada: User, team: Workspace
) -> None:
    _, secret = keys.issue(workspace=team, by=ada, name="posters")
    assert as_ada.post(reverse("accounts:workspace_delete", args=[team.pk])).status_code == 302
    assert as_ada.get(reverse("accounts:workspace_page", args=[team.pk])).status_code == 404
    assert keys.find(secret) is None
    team.refresh_from_db()
    assert team.closed_at
    assert team not in [each.workspace for each in workspaces.all_of(ada)]


def test_only_an_owner_closes_and_only_a_team(ada: User, team: Workspace) -> None:
    anna = person("Anna", team, Role.ADMIN)
    with pytest.raises(NotAllowed):
        teams.close(workspace=team, by=anna)
    with pytest.raises(NotAllowed):
        teams.close(workspace=workspaces.personal(ada), by=ada)


# Going from one to another


def test_switching_goes_back_to_where_one_was_and_nowhere_else(
    as_ada: Client, ada: User, team: Workspace
) -> None:
    address = reverse("accounts:workspace_switch", args=[team.pk])
    assert as_ada.post(address, {"next": "/gallery/"})["Location"] == "/gallery/"
    assert as_ada.get("/").wsgi_request.workspace == team
    for evil in ("https://evil.example/", "//evil.example", "javascript:alert(1)", ""):
        assert as_ada.post(address, {"next": evil})["Location"] == "/"


def test_a_tab_goes_on_in_the_workspace_that_it_shows(
    as_ada: Client, ada: User, team: Workspace, mallory: User
) -> None:
    own = workspaces.personal(ada)
    as_ada.post(reverse("accounts:workspace_switch", args=[team.pk]))
    shown = {"X-Workspace": str(own.pk)}
    assert as_ada.get("/", headers=shown).wsgi_request.workspace == own
    order = {"prompt": "a lake"}
    as_ada.post(reverse("studio:job_create"), order, headers=shown)
    as_ada.post(f"{reverse('studio:job_create')}?workspace={own.pk}", order)
    assert ledger.credit_of(own).held_micros == 6_000
    for wrong in (str(workspaces.personal(mallory).pk), "x", "", str(ids.new())):
        response = as_ada.post(reverse("studio:job_create"), order, headers={"X-Workspace": wrong})
        assert response.status_code == 404, wrong
    assert ledger.credit_of(own).held_micros == 6_000


def test_who_left_spends_nothing_out_of_an_open_tab(
    client: Client, ada: User, team: Workspace
) -> None:
    """Neither the team's credit nor, unseen, their own."""
    ben = person("Ben", team, Role.MEMBER)
    fund(team)
    client.force_login(ben)
    shown = {"X-Workspace": str(team.pk)}
    member = Membership.objects.get(user=ben, workspace=team)
    members.remove(member=member, by=ada)
    response = client.post(reverse("studio:job_create"), {"prompt": "a lake"}, headers=shown)
    assert response.status_code == 404
    assert ledger.credit_of(workspaces.personal(ben)).held_micros == 0


def test_the_menu_has_the_credit_of_each(as_ada: Client, team: Workspace) -> None:
    fund(team, 12_345_000)
    page = as_ada.get("/gallery/").content.decode()
    menu = page.partition('id="workspaces"')[2].partition("</form>")[0]
    assert "$12.345" in menu
    assert "$0.15" in menu


def test_the_workspace_and_the_menu_cost_three_queries(
    as_ada: Client, ada: User, team: Workspace, django_assert_num_queries: object
) -> None:
    """However many workspaces there are: session, person, workspace, its credit, all of them."""
    for number in range(3):
        teams.open_team(by=ada, name=f"Team {number}")
    as_ada.get(reverse("accounts:workspace_create"))
    with django_assert_num_queries(6):  # type: ignore[operator]
        as_ada.get(reverse("accounts:workspace_create"))
