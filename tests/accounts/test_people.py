"""How people come to be, by the page and by the commands, and how they are shut out."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts import keys, ledger, workspaces
from accounts.models import ApiKey, Membership, Role, Transfer, User, Workspace

pytestmark = pytest.mark.django_db
PASSWORD = "a horse, correctly stapled"


def run(*command: str) -> list[str]:
    out = StringIO()
    call_command(*command, stdout=out)
    return out.getvalue().splitlines()


def available_micros(email: str) -> int:
    workspace = workspaces.personal(User.objects.get(email=email))
    return ledger.credit_of(workspace).available_micros


def sign_up(client: Client, email: str) -> int:
    fields = {"email": email, "password1": PASSWORD}
    return client.post(reverse("account_signup"), fields).status_code


# The sign-up page


def test_signing_up_gives_a_workspace_and_credit_once(client: Client) -> None:
    assert sign_up(client, "new@example.com") == 302
    user = User.objects.get(email="new@example.com")
    workspace = Workspace.objects.get(personal_of=user)
    assert workspaces.role_of(user, workspace) == Role.OWNER
    assert available_micros("new@example.com") == 150_000
    client.get("/")
    workspaces.personal(user)
    assert Transfer.objects.filter(reference=f"signup:{user.pk}").count() == 1
    assert available_micros("new@example.com") == 150_000


def test_signing_up_signs_in(client: Client) -> None:
    sign_up(client, "new@example.com")
    assert client.get("/").context["user"].email == "new@example.com"


@pytest.mark.parametrize("email", ["ada@example.com", "ADA@Example.com"])
def test_an_address_is_one_persons(client: Client, ada: User, email: str) -> None:
    sign_up(client, email)
    assert User.objects.count() == 1


def test_the_database_knows_no_case_in_addresses(ada: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(email="Ada@Example.COM")


@pytest.mark.parametrize("email", ["ada@example.com", "Ada@EXAMPLE.com"])
def test_signing_in_knows_no_case(client: Client, ada: User, email: str) -> None:
    fields = {"login": email, "password": "correct horse"}
    assert client.post(reverse("account_login"), fields).status_code == 302
    assert client.get("/").context["user"] == ada


@pytest.mark.parametrize("password", ["", "short", "password", "12345678"])
def test_a_weak_password_makes_nobody(client: Client, password: str) -> None:
    fields = {"email": "new@example.com", "password1": password}
    assert client.post(reverse("account_signup"), fields).status_code == 200
    assert not User.objects.exists()
    assert not Workspace.objects.exists()


# Being shut out


def test_the_suspended_are_out_at_the_next_request(as_ada: Client, ada: User) -> None:
    assert as_ada.get(reverse("gallery:image_list")).status_code == 200
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert as_ada.get(reverse("gallery:image_list")).status_code == 302
    fields = {"login": ada.email, "password": "correct horse"}
    as_ada.post(reverse("account_login"), fields)
    assert as_ada.get(reverse("gallery:image_list")).status_code == 302


def test_a_member_works_where_they_chose(ben: User, workspace: Workspace) -> None:
    assert workspaces.current(ben, str(workspace.pk)) == workspace
    assert workspaces.current(ben, None) == workspaces.personal(ben)


def test_who_is_no_member_any_more_is_back_in_their_own(
    client: Client, ben: User, workspace: Workspace
) -> None:
    client.force_login(ben)
    session = client.session
    session["workspace"] = str(workspace.pk)
    session.save()
    assert client.get("/").wsgi_request.workspace == workspace
    Membership.objects.filter(user=ben, workspace=workspace).delete()
    assert client.get("/").wsgi_request.workspace == workspaces.personal(ben)
    assert workspaces.role_of(ben, workspace) is None


def test_an_outsider_cannot_choose_a_workspace(mallory: User, workspace: Workspace) -> None:
    assert workspaces.current(mallory, str(workspace.pk)) == workspaces.personal(mallory)


def test_everybody_but_a_viewer_may_make(
    ada: User, ben: User, vera: User, mallory: User, workspace: Workspace
) -> None:
    may = [workspaces.may_make(user, workspace) for user in (ada, ben, vera, mallory)]
    assert may == [True, True, False, False]


# manage.py credit


def test_credit_for_somebody_unknown_makes_them() -> None:
    said = run("credit", "New@example.com", "10", "--reason", "a gift")
    assert said == ["New@example.com has $10.15 available."]
    user = User.objects.get(email="new@example.com")
    assert not user.has_usable_password()
    assert workspaces.role_of(user, workspaces.personal(user)) == Role.OWNER


def test_credit_is_given_as_often_as_it_is_called(ada: User) -> None:
    for _ in range(2):
        run("credit", "ADA@example.com", "0.003", "--reason", "a gift")
    assert available_micros("ada@example.com") == 156_000
    assert User.objects.count() == 1
    assert Transfer.objects.filter(memo="a gift").count() == 2


@pytest.mark.parametrize(
    ("email", "dollars", "reason", "words"),
    [
        ("nobody", "10", "x", "is not an e-mail address"),
        ("a@example.com", "ten", "x", "is not an amount of dollars"),
        ("a@example.com", "0", "x", "more than nothing"),
        ("a@example.com", "-5", "x", "more than nothing"),
        ("a@example.com", "0.0000001", "x", "finer than a micro-dollar"),
        ("a@example.com", "1e15", "x", "at most"),
        ("a@example.com", "5", "x" * 201, "200 characters"),
    ],
)
def test_credit_refused_makes_nobody(email: str, dollars: str, reason: str, words: str) -> None:
    with pytest.raises(CommandError, match=words):
        run("credit", f"--reason={reason}", "--", email, dollars)
    assert not User.objects.exists()


# manage.py apikey


def test_the_last_line_is_the_key_alone() -> None:
    secret = run("apikey", "new@example.com", "my script")[-1]
    found = keys.find(secret)
    assert found is not None
    assert (found.name, found.created_by.email) == ("my script", "new@example.com")
    assert found.workspace.personal_of == found.created_by


@pytest.mark.parametrize(
    ("email", "name"), [("nobody", "x"), ("a@example.com", ""), ("a@example.com", "x" * 101)]
)
def test_a_key_refused_makes_nobody(email: str, name: str) -> None:
    with pytest.raises(CommandError):
        run("apikey", email, name)
    assert not ApiKey.objects.exists()
    assert not User.objects.exists()
