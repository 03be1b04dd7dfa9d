"""The end of an account: what goes, what stays, and who may change their mind."""

import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.core import mail
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import erasure, exports, ids, keys, ledger, members, registry, teams, workspaces
from accounts.models import ApiKey, Membership, Role, Transfer, User, Workspace
from gallery import images
from gallery.models import Image, PendingObject
from gallery.sharing import links
from gallery.sharing.links import Terms
from studio import audit, jobs
from studio.jobs import settle
from studio.models import Job, Prompt, State
from tests.conftest import person
from tests.privacy.makers import PROMPT, furnish, picture
from tests.studio.makers import Puppet, good, submit

pytestmark = pytest.mark.django_db
LATER = timedelta(days=8)
USED = {
    *("accounts.User", "accounts.Membership", "accounts.ApiKey", "accounts.Export"),
    *("account.EmailAddress", "mfa.Authenticator", "gallery.Favourite", "gallery.Image"),
    *("gallery.Stock", "gallery.Collection", "gallery.CollectionImage", "gallery.ShareLink"),
    *("studio.Prompt", "studio.Job", "studio.RepeatKey", "studio.Webhook", "studio.Delivery"),
}


@pytest.fixture
def team(ben: User) -> Workspace:
    """Ben's."""
    return teams.open_team(by=ben, name="Lake house")


def joined(user: User, team: Workspace, role: Role = Role.MEMBER) -> Membership:
    return Membership.objects.create(user=user, workspace=team, role=role)


def gone(user: User) -> bool:
    """As a worker does it, a week later."""
    erasure.go_on(at=timezone.now() + LATER)
    return not User.objects.filter(pk=user.pk).exists()


def stored() -> set[str]:
    return {key for key, _ in images.stored()}


def counts() -> dict[str, int]:
    """Rows of every model of people and workspaces but those that are kept."""
    labels = [label for each in registry.belongings if not each.kept for label in each.models]
    return {label: apps.get_model(label)._base_manager.count() for label in labels}


def test_everything_goes_but_the_ledger(mallory: User) -> None:
    """What somebody else has stays as it is."""
    furnish(mallory, workspaces.personal(mallory))
    others, rows = stored(), counts()
    ada = person("Ada")
    workspace = workspaces.personal(ada)
    furnish(ada, workspace)
    exports.ask(by=ada)
    exports.build_next(at=timezone.now())
    assert all(counts()[label] > count for label, count in rows.items() if label in USED)
    money = ("reference", "state", "amount_micros")
    sums = list(Transfer.objects.order_by("pk").values_list(*money))
    erasure.ask(by=ada)
    assert gone(ada)
    assert stored() == others
    assert counts() == rows
    assert list(Transfer.objects.order_by("pk").values_list(*money)) == sums
    assert not Transfer.objects.filter(created_by=ada.pk).exists()
    workspace.refresh_from_db()
    assert (workspace.name, workspace.personal_of_id) == ("Erased", None)
    assert workspace.erased_at
    assert list(audit.findings()) == []


def test_before_the_week_is_over_nothing_goes(ada: User, workspace: Workspace) -> None:
    image = picture(workspace, ada)
    erase_at = erasure.ask(by=ada)
    erasure.go_on(at=erase_at - timedelta(minutes=1))
    assert User.objects.filter(pk=ada.pk, is_active=True).exists()
    assert default_storage.exists(image.original)


def test_signing_in_keeps_the_account(client: Client, ada: User, workspace: Workspace) -> None:
    picture(workspace, ada)
    erasure.ask(by=ada)
    fields = {"login": ada.email, "password": "correct horse"}
    page = client.post(reverse("account_login"), fields, follow=True)
    assert "Your account stays" in page.content.decode()
    assert not gone(ada)
    assert Image.objects.count() == 1
    subjects = [each.subject for each in mail.outbox]
    assert "Your Easel account stays" in subjects


def test_a_wrong_password_keeps_nothing(client: Client, ada: User) -> None:
    erasure.ask(by=ada)
    client.post(reverse("account_login"), {"login": ada.email, "password": "wrong"})
    assert gone(ada)


def test_who_goes_is_out_everywhere_and_keys_and_links_pause(
    client: Client, ada: User, workspace: Workspace
) -> None:
    fields = {"login": ada.email, "password": "correct horse"}
    elsewhere = Client()
    for each in (client, elsewhere):
        each.post(reverse("account_login"), fields)
        assert each.get(reverse("gallery:image_list")).status_code == 200
    _, secret = keys.issue(workspace=workspace, by=ada, name="program")
    link = links.make(
        of=picture(workspace, ada), by=ada, terms=Terms(expires_at=None), link_id=ids.new()
    )
    token = links.address(link).split("/")[-2]
    assert links.find(token)
    erasure.ask(by=ada)
    for each in (client, elsewhere):
        assert each.get(reverse("gallery:image_list")).status_code == 302
    assert keys.find(secret) is None
    assert links.find(token) is None
    erasure.cancel(user=ada)
    assert keys.find(secret)
    assert links.find(token)


# Teams


def test_the_last_owner_of_a_team_hands_over_first(ada: User, ben: User, team: Workspace) -> None:
    joined(ada, team)
    with pytest.raises(erasure.StillOwner) as found:
        erasure.ask(by=ben)
    assert found.value.teams == [team]
    assert User.objects.get(pk=ben.pk).erase_at is None
    members.hand_over(member=Membership.objects.get(user=ada, workspace=team), by=ben)
    erasure.ask(by=ben)


def test_nobody_hands_over_to_one_who_goes(ada: User, ben: User, team: Workspace) -> None:
    member = joined(ada, team)
    erasure.ask(by=ada)
    with pytest.raises(members.LastOwner):
        members.hand_over(member=member, by=ben)


def test_of_two_owners_one_stays(ada: User, ben: User, team: Workspace) -> None:
    joined(ada, team, Role.OWNER)
    erasure.ask(by=ada)
    with pytest.raises(members.LastOwner):
        members.leave(workspace=team, by=ben)
    vera = person("Vera")
    joined(vera, team, Role.VIEWER)
    with pytest.raises(erasure.StillOwner):
        erasure.ask(by=ben)


def test_a_team_whose_other_owner_was_suspended_is_handed_over(
    ada: User, ben: User, team: Workspace
) -> None:
    """Nobody could foresee it when the week began."""
    ann, vera = person("Ann"), person("Vera")
    joined(vera, team, Role.VIEWER)
    joined(ann, team, Role.ADMIN)
    joined(ada, team, Role.OWNER)
    erasure.ask(by=ben)
    User.objects.filter(pk=ada.pk).update(is_active=False)
    image = picture(team, ben)
    assert gone(ben)
    assert workspaces.role_of(ann, team) == Role.OWNER
    image.refresh_from_db()
    assert image.created_by is None
    assert [each.to for each in mail.outbox if "is yours now" in each.subject] == [[ann.email]]


def test_a_team_that_nobody_else_is_in_goes_too(ben: User, team: Workspace) -> None:
    furnish(ben, team)
    erasure.ask(by=ben)
    assert gone(ben)
    team.refresh_from_db()
    assert team.erased_at
    assert stored() == set()
    assert list(audit.findings()) == []


def test_what_was_made_in_teams_stays_without_a_name(ada: User, ben: User, team: Workspace) -> None:
    joined(ada, team, Role.ADMIN)
    furnish(ada, team)
    key = ApiKey.objects.get(workspace=team)
    erasure.ask(by=ada)
    assert gone(ada)
    assert Image.objects.filter(workspace=team, created_by=None).count() == 3
    assert Job.objects.filter(workspace=team, created_by=None).count() == 2
    assert not ApiKey.objects.filter(pk=key.pk).exists()
    assert not Prompt.objects.filter(text=PROMPT).exists()
    assert list(audit.findings()) == []


# Jobs that run meanwhile


def test_a_job_that_runs_for_who_goes_ends_without_a_charge(
    ada: User, ben: User, team: Workspace, puppet: Puppet
) -> None:
    """The engine answers when the person's row is gone: the job in the worker's hands names it."""
    joined(ada, team)
    ledger.grant(to=team, amount_micros=9_000, reference="grant:team")
    (job,) = submit(ada, team)
    ended: list[bool] = []

    def slow(request: Any) -> Any:
        erasure.ask(by=ada)
        ended.append(gone(ada))
        return good(request)

    puppet.does.append(slow)
    jobs.run_next()
    assert ended == [True]
    job.refresh_from_db()
    assert (job.state, job.created_by) == (State.CANCELLED, None)
    wallet = ledger.credit_of(team)
    assert (wallet.posted_micros, wallet.held_micros) == (9_000, 0)
    PendingObject.objects.all().delete()
    assert not Image.objects.exists()


def test_a_row_stays_while_something_goes_on_for_it(
    ada: User, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(ada, workspace)
    monkeypatch.setattr(registry, "stops", [])
    monkeypatch.setattr(settle, "stop", lambda _job: False)
    erasure.ask(by=ada)
    monkeypatch.setattr(erasure, "_erase_workspace", lambda _workspace: None)
    assert not gone(ada)


def test_a_row_stays_while_a_team_of_others_makes_something_for_it(
    ada: User, ben: User, team: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    joined(ada, team)
    ledger.grant(to=team, amount_micros=9_000, reference="grant:team")
    submit(ada, team)
    with monkeypatch.context() as going_on:
        going_on.setattr(registry, "stops", [])
        erasure.ask(by=ada)
        assert not gone(ada)
        assert not Workspace.objects.filter(personal_of=ada).exists()
    assert gone(ada)


# Administrators


def test_what_an_administrator_did_is_kept_without_a_name(ada: User) -> None:
    LogEntry.objects.create(
        user=ada, object_repr="a plan", action_flag=2, change_message="images_per_day"
    )
    erasure.ask(by=ada)
    assert gone(ada)
    entry = LogEntry.objects.get()
    assert entry.user.email == f"erased-{ada.pk}@easel.invalid"
    assert not entry.user.is_active
    assert not entry.user.has_usable_password()


def test_the_letters_say_when_and_that_it_is_done(ada: User) -> None:
    erasure.ask(by=ada)
    gone(ada)
    begun, done = mail.outbox
    assert begun.to == done.to == [ada.email]
    assert "sign in before that day" in begun.body
    assert done.subject == "Your Easel account is deleted"
    gone(ada)
    assert len(mail.outbox) == 2


# By the operator


def test_an_operator_ends_an_account_for_somebody(
    ada: User, ben: User, team: Workspace, tmp_path: Path
) -> None:
    file = tmp_path / "ada.zip"
    call_command("export", "ADA@example.com", str(file))
    assert zipfile.ZipFile(file).testzip() is None
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export", ada.email, str(file))
    call_command("erase", ada.email)
    assert User.objects.get(pk=ada.pk).erase_at > timezone.now() + timedelta(days=6)
    call_command("erase", ada.email, "--now")
    erasure.go_on(at=timezone.now())
    assert not User.objects.filter(pk=ada.pk).exists()
    for command in (["erase", ada.email], ["export", ada.email, str(tmp_path / "x.zip")]):
        with pytest.raises(CommandError, match="nobody has the address"):
            call_command(*command)
    joined(person("Ann"), team)
    with pytest.raises(CommandError, match="the only owner of “Lake house”"):
        call_command("erase", ben.email)
