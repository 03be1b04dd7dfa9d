"""Inviting by e-mail, as verbs and through the pages."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import invitations, members, workspaces
from accounts.invitations import AlreadyThere, AnotherAddress, NotOpen, TooMany
from accounts.models import Invitation, Membership, Role, User, Workspace
from accounts.workspaces import NotAllowed
from tests.conftest import person

pytestmark = pytest.mark.django_db
PASSWORD = "a horse, correctly stapled"
BEN = "ben@example.com"


def invite(team: Workspace, by: User, email: str = BEN, role: Role = Role.MEMBER) -> Invitation:
    return invitations.invite(workspace=team, by=by, email=email, role=role)


def link() -> str:
    """Of the last letter."""
    message = mail.outbox[-1]
    assert isinstance(message, EmailMultiAlternatives)
    (found,) = set(re.findall(r"http://testserver(/accounts/join/\S+)", str(message.body)))
    assert found in str(message.alternatives[0].content)
    return found


def follow(client: Client) -> str:
    return client.get(link(), follow=True).content.decode()


def join(client: Client) -> None:
    client.post(reverse("accounts:join"))


# Sending


def test_a_letter_goes_to_the_address_with_a_token_kept_as_a_hash(
    team: Workspace, ada: User
) -> None:
    invitation = invite(team, ada, " Ben@Example.com ")
    assert invitation.email == BEN
    assert mail.outbox[0].to == [BEN]
    assert mail.outbox[0].subject == "Ada (ada@example.com) invites you to “Lake house” on Easel"
    token = link().rpartition("/")[2]
    assert token not in str(Invitation.objects.values().get())
    assert invitations.find(token) == invitation
    left = invitation.expires_at - timezone.now()
    assert timedelta(days=6, hours=23) < left <= timedelta(days=7)


@pytest.mark.parametrize("role", [Role.MEMBER, Role.VIEWER, None])
def test_only_who_manages_may_invite(team: Workspace, role: Role | None) -> None:
    by = person("Rex", team if role else None, role)
    with pytest.raises(NotAllowed):
        invite(team, by)
    assert not mail.outbox


def test_nobody_is_invited_as_an_owner_or_to_a_personal_workspace(
    team: Workspace, ada: User
) -> None:
    with pytest.raises(NotAllowed):
        invite(team, ada, role=Role.OWNER)
    with pytest.raises(NotAllowed):
        invite(workspaces.personal(ada), ada)
    assert not mail.outbox


def test_the_same_address_twice(team: Workspace, ada: User) -> None:
    invite(team, ada)
    with pytest.raises(AlreadyThere, match="invited already"):
        invite(team, ada, "BEN@example.com")
    with pytest.raises(AlreadyThere, match="in the team"):
        invite(team, ada, ada.email)


def test_letters_are_counted(team: Workspace, ada: User) -> None:
    invitation = invite(team, ada)
    for _ in range(2):
        invitations.resend(invitation=invitation, by=ada)
    with pytest.raises(TooMany):
        invitations.resend(invitation=invitation, by=ada)
    for number in range(26):
        invite(team, ada, f"{number}@example.com")
    with pytest.raises(TooMany):
        invite(team, ada, "another@example.com")
    assert len(mail.outbox) == 29


def test_sent_again_under_a_new_link(team: Workspace, ada: User) -> None:
    invitation = invite(team, ada)
    old = link().rpartition("/")[2]
    Invitation.objects.update(expires_at=timezone.now())
    invitations.resend(invitation=invitation, by=ada)
    assert invitations.find(old) is None
    again = invitations.find(link().rpartition("/")[2])
    assert again
    assert again.is_open(timezone.now())


def test_a_mail_server_that_fails_leaves_an_invitation_to_send_again(
    team: Workspace, ada: User, client: Client, settings: object
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"  # type: ignore[attr-defined]
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # type: ignore[attr-defined]
    client.force_login(ada)
    address = reverse("accounts:invitation_create", args=[team.pk])
    page = client.post(address, {"email": BEN, "role": "member"}, follow=True).content.decode()
    assert "could not be sent" in page
    assert BEN in page
    assert Invitation.objects.open().count() == 1


# Accepting


def test_one_who_is_signed_in_with_the_address(client: Client, team: Workspace, ada: User) -> None:
    ben = person("Ben")
    invite(team, ada, role=Role.VIEWER)
    client.force_login(ben)
    assert "Join the team" in follow(client)
    assert workspaces.role_of(ben, team) is None, "looking is not joining"
    join(client)
    assert workspaces.role_of(ben, team) == Role.VIEWER
    assert client.get("/").wsgi_request.workspace == team
    assert EmailAddress.objects.get(user=ben).verified
    assert "already" in follow(client)


def test_one_who_signs_up_has_proved_the_address(
    client: Client, team: Workspace, ada: User, settings: object
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"  # type: ignore[attr-defined]
    invite(team, ada)
    page = follow(client)
    way = re.search(r'href="(/accounts/signup/\?next=[^"]+)"', page)
    assert way
    assert f'value="{BEN}"' in client.get(way[1]).content.decode()
    fields = {"email": BEN, "password1": PASSWORD, "next": reverse("accounts:join")}
    response = client.post(way[1], fields, follow=True)
    assert len(mail.outbox) == 1, "no second letter is needed"
    assert "Join the team" in response.content.decode()
    join(client)
    ben = User.objects.get(email=BEN)
    assert workspaces.role_of(ben, team) == Role.MEMBER
    assert EmailAddress.objects.get(user=ben).verified


def test_one_who_has_an_account_signs_in(client: Client, team: Workspace, ada: User) -> None:
    ben = person("Ben")
    invite(team, ada)
    page = follow(client)
    assert "Sign in to join" in page
    assert "Sign up to join" not in page
    fields = {"login": BEN, "password": "correct horse", "next": reverse("accounts:join")}
    assert (
        "Join the team"
        in client.post(reverse("account_login"), fields, follow=True).content.decode()
    )
    join(client)
    assert workspaces.role_of(ben, team) == Role.MEMBER


def test_one_with_another_account_is_told_so(
    client: Client, team: Workspace, ada: User, mallory: User
) -> None:
    invite(team, ada)
    client.force_login(mallory)
    page = follow(client)
    assert "mallory@example.com" in page
    assert BEN in page
    assert "Join the team" not in page
    join(client)
    assert workspaces.role_of(mallory, team) is None
    client.post(reverse("accounts:join_as_another"))
    page = client.get(reverse("accounts:join")).content.decode()
    assert "Sign up to join" in page, "the invitation is kept"


def test_an_unproved_claim_to_the_address_is_not_enough(
    team: Workspace, ada: User, mallory: User
) -> None:
    """Ben has proved it; Mallory has only said so."""
    ben = person("Ben")
    EmailAddress.objects.create(user=ben, email=BEN, verified=True, primary=True)
    EmailAddress.objects.create(user=mallory, email=BEN, verified=False)
    invitation = invite(team, ada)
    with pytest.raises(AnotherAddress):
        invitations.accept(invitation=invitation, by=mallory)
    assert workspaces.role_of(mallory, team) is None
    assert Invitation.objects.open().exists()


def test_a_member_stays_what_they_are(team: Workspace, ada: User) -> None:
    invitation = invite(team, ada, role=Role.VIEWER)
    ben = person("Ben", team, Role.ADMIN)
    assert invitations.accept(invitation=invitation, by=ben).role == Role.ADMIN


@pytest.mark.parametrize("why", ["revoked", "expired", "accepted"])
def test_an_invitation_that_is_over(client: Client, team: Workspace, ada: User, why: str) -> None:
    ben = person("Ben")
    invitation = invite(team, ada)
    if why == "revoked":
        assert invitations.revoke(invitation=invitation, by=ada)
    elif why == "expired":
        Invitation.objects.update(expires_at=timezone.now())
    else:
        members.remove(member=invitations.accept(invitation=invitation, by=ben), by=ada)
        mail.outbox.pop()
    with pytest.raises(NotOpen):
        invitations.accept(invitation=invitation, by=ben)
    client.force_login(ben)
    assert "is over" in follow(client)
    join(client)
    assert workspaces.role_of(ben, team) is None


def test_a_link_that_nobody_was_sent(client: Client, team: Workspace, ada: User) -> None:
    invite(team, ada)
    for address in (link()[:-1] + "x", "/accounts/join/x", reverse("accounts:join")):
        fresh = Client()
        page = fresh.get(address, follow=True)
        assert page.status_code == 200, "an address that is refused would be logged"
        assert "leads nowhere" in page.content.decode()
        fresh.post(reverse("accounts:join"))
    assert Membership.objects.filter(workspace=team).count() == 1
