"""Every route of the pages, and what it does for whom. The API's routes: tests/api/test_routes.py.

    login    sent to sign in           sees     200, with what is the workspace's own
    moves    sent on, nothing done     opens    200, with nothing of it
    acts     done, in the workspace    404 ...  refused

Ada owns a team. Everybody was let in before, and works there as far as they may. Then `removed`
lost their membership and `suspended` their account; both are shut out from their next request on.
`staff` may enter the admin, where nothing was permitted to them; `operator` is a superuser.
"""
# ruff: noqa: F811 - `workspace` is a fixture

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib import admin
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import NoReverseMatch, URLPattern, get_resolver, reverse

from accounts.models import (
    Membership,
    Role,
    User,
    Workspace,
)
from tests.config.scene import (
    BYTES,
    PROMPT,
    belongings,
    exported,
    scene,
    signed_in,
    workspace,  # noqa: F401
)
from tests.conftest import person

pytestmark = pytest.mark.django_db
PEOPLE = [
    *("anonymous", "outsider", "viewer", "member", "admin"),
    *("owner", "removed", "suspended", "staff", "operator"),
]

# What belongs to a workspace, for each of PEOPLE
OURS = """
GET  studio:studio       opens opens opens opens opens sees opens opens opens opens
GET  studio:bench        login 404   sees  sees  sees  sees 404   login 404   404
POST studio:image_trash  login 404  403   acts  acts  acts 404   login 404   404
POST studio:image_restore login 404 403   acts  acts  acts 404   login 404   404
POST studio:job_create   login moves 403   acts  acts  acts moves login moves moves
GET  studio:job_watch    login 404   sees  sees  sees  sees 404   login 404   404
POST studio:job_cancel   login 404   403   acts  acts  acts 404   login 404   404
POST studio:job_again    login 404   403   acts  acts  acts 404   login 404   404
POST studio:job_quote    login opens opens opens opens opens opens login opens opens
GET  studio:batch_create login opens sees  sees  sees  sees opens login opens opens
POST studio:batch_create login opens 403   acts  acts  acts opens login opens opens
GET  studio:batch_page   login 404   sees  sees  sees  sees 404   login 404   404
POST studio:batch_stop   login 404   403   acts  acts  acts 404   login 404   404
GET  studio:prompt_list  login opens opens opens opens sees opens login opens opens
POST studio:prompt_star  login 404   404   404   404   acts 404   login 404   404
POST studio:prompt_forget login 404  404   404   404   acts 404   login 404   404
POST studio:prompt_forget_all login moves moves moves moves acts moves login moves moves
POST studio:request_approve login 404 403  403   acts  acts 404  login 404   404
POST studio:request_decline login 404 403  403   acts  acts 404  login 404   404
GET  gallery:image_list  login opens sees  sees  sees  sees opens login opens opens
GET  gallery:image_page  login 404   sees  sees  sees  sees 404   login 404   404
GET  gallery:image_file  login 404   sees  sees  sees  sees 404   login 404   404
GET  gallery:image_download login 404 sees  sees  sees  sees 404   login 404   404
GET  gallery:link_list   login opens 403   sees  sees  sees opens login opens opens
GET  gallery:link_create login 404   403   sees  sees  sees 404   login 404   404
POST gallery:link_create login 404   403   acts  acts  acts 404   login 404   404
GET  gallery:link_page   login 404   403   403   sees  sees 404   login 404   404
POST gallery:link_page   login 404   403   403   acts  acts 404   login 404   404
GET  gallery:link_revoke login 404   403   403   sees  sees 404   login 404   404
POST gallery:link_revoke login 404   403   403   acts  acts 404   login 404   404
GET  gallery:share_page     acts acts acts acts acts acts acts acts acts acts
POST gallery:share_open     422  422  422  422  422  422  422  422  422  422
GET  gallery:share_report   opens opens opens opens opens opens opens opens opens opens
POST gallery:share_report   opens opens opens opens opens opens opens opens opens opens
GET  gallery:share_image    sees sees sees sees sees sees sees sees sees sees
GET  gallery:share_file     sees sees sees sees sees sees sees sees sees sees
GET  gallery:share_download sees sees sees sees sees sees sees sees sees sees
GET  gallery:verify      opens opens opens opens opens opens opens opens opens opens
POST gallery:verify      422  422  422  422  422  422  422  422  422  422
GET  gallery:trash_list  login opens sees  sees  sees  sees opens login opens opens
POST gallery:image_trash     login 404 403  acts acts acts 404 login 404 404
POST gallery:image_restore   login 404 403  acts acts acts 404 login 404 404
POST gallery:image_erase     login 404 403  403  acts acts 404 login 404 404
POST gallery:image_favourite login 404 acts acts acts acts 404 login 404 404
POST gallery:image_collect   login 404 403  acts acts acts 404 login 404 404
POST gallery:image_zip       login 404 sees sees sees sees 404 login 404 404
POST gallery:image_note      login 404 403  acts acts acts 404 login 404 404
GET  gallery:collection_list   login opens sees sees sees sees opens login opens opens
POST gallery:collection_create login moves 403 acts acts acts moves login moves moves
GET  gallery:collection_page   login 404 sees sees sees sees 404 login 404 404
GET  gallery:collection_change login 404 403  sees sees sees 404 login 404 404
POST gallery:collection_change login 404 403  acts acts acts 404 login 404 404
GET  gallery:collection_delete login 404 403  sees sees sees 404 login 404 404
POST gallery:collection_delete login 404 403  acts acts acts 404 login 404 404
POST gallery:collection_remove login 404 403  acts acts acts 404 login 404 404
POST gallery:collection_cover  login 404 403  acts acts acts 404 login 404 404
POST gallery:collection_move   login 404 403  acts acts acts 404 login 404 404
GET  gallery:retention_change  login 404 403 403 403 opens 404 login 404 404
POST gallery:retention_change  login 404 403 403 403 acts  404 login 404 404
GET  gallery:image_move  login 404   403   sees  sees  sees 404   login 404   404
POST gallery:image_move  login 404   403   403   acts  acts 404   login 404   404
GET  accounts:key_list   login opens opens opens sees  sees opens login opens opens
GET  accounts:key_create login opens opens opens opens opens opens login opens opens
POST accounts:key_create login opens 422   acts  acts  acts opens login opens opens
GET  accounts:key_change login 404   404   404   404   sees 404   login 404   404
POST accounts:key_change login 404   404   404   404   acts 404   login 404   404
GET  accounts:key_revoke login 404   404   404   sees  sees 404   login 404   404
POST accounts:key_revoke login 404   404   404   acts  acts 404   login 404   404
GET  accounts:workspace_page   login 404 sees sees sees sees 404 login 404 404
GET  accounts:workspace_create login opens opens opens opens opens opens login opens opens
POST accounts:workspace_create login moves moves moves moves moves moves login moves moves
POST accounts:workspace_switch login 404 moves moves moves moves 404 login 404 404
GET  accounts:workspace_rename login 404 403 403 opens opens 404 login 404 404
POST accounts:workspace_rename login 404 403 403 acts  acts  404 login 404 404
GET  accounts:workspace_credit login 404 403 403 403   opens 404 login 404 404
POST accounts:workspace_credit login 404 403 403 403   acts  404 login 404 404
GET  accounts:workspace_leave  login 404 opens opens opens opens 404 login 404 404
POST accounts:workspace_leave  login 404 acts  acts  acts  422   404 login 404 404
GET  accounts:workspace_delete login 404 403 403 403   opens 404 login 404 404
POST accounts:workspace_delete login 404 403 403 403   422   404 login 404 404
GET  accounts:member_change     login 404 403 403 sees sees 404 login 404 404
POST accounts:member_change     login 404 403 403 acts acts 404 login 404 404
GET  accounts:member_remove     login 404 403 403 sees sees 404 login 404 404
POST accounts:member_remove     login 404 403 403 acts acts 404 login 404 404
GET  accounts:member_hand_over  login 404 403 403 403  sees 404 login 404 404
POST accounts:member_hand_over  login 404 403 403 403  acts 404 login 404 404
POST accounts:export_create   login moves moves moves moves moves moves login moves moves
GET  accounts:export_download login moves moves moves moves moves moves login moves moves
POST accounts:letters_change  login moves moves moves moves moves moves login moves moves
POST accounts:invitation_create login 404 403 403 acts acts 404 login 404 404
POST accounts:invitation_resend login 404 404 404 acts acts 404 login 404 404
POST accounts:invitation_revoke login 404 404 404 acts acts 404 login 404 404
GET  accounts:credit_page    login opens opens opens opens opens opens login opens opens
POST accounts:payment_create login 404   403   403   403   404   404   login 404   404
GET  accounts:payment_page   login 404   403   403   403   opens 404   login 404   404
GET  accounts:ledger_page    login opens 403   403   opens opens opens login opens opens
GET  accounts:ledger_csv     login opens 403   403   opens opens opens login opens opens
GET  studio:usage_page       login opens opens opens opens opens opens login opens opens
POST accounts:stripe_webhook  404   404   404   404   404   404   404   404   404   404
GET  accounts:join            opens opens opens opens opens opens opens opens opens opens
POST accounts:join            opens opens opens opens opens opens opens opens opens opens
POST accounts:join_as_another moves moves moves moves moves moves moves moves moves moves
GET  studio:webhook_list   login opens 403 403 sees  sees  opens login opens opens
GET  studio:webhook_create login opens 403 403 opens opens opens login opens opens
POST studio:webhook_create login opens 403 403 acts  acts  opens login opens opens
GET  studio:webhook_page   login 404   403 403 sees  sees  404   login 404   404
GET  studio:webhook_rotate login 404   403 403 sees  sees  404   login 404   404
POST studio:webhook_rotate login 404   403 403 acts  acts  404   login 404   404
GET  studio:webhook_delete login 404   403 403 sees  sees  404   login 404   404
POST studio:webhook_delete login 404   403 403 acts  acts  404   login 404   404
POST studio:webhook_switch login 404   403 403 acts  acts  404   login 404   404
POST studio:webhook_test   login 404   403 403 acts  acts  404   login 404   404
POST studio:delivery_again login 404   403 403 acts  acts  404   login 404   404
"""
# Each person's own account: for those who are not signed in, and for those who are
OWN = """
account_login                            opens moves
account_logout                           login opens
account_inactive                         opens opens
account_signup                           opens moves
account_reauthenticate                   login opens
account_email                            login opens
account_email_verification_sent          opens opens
account_change_password                  login opens
account_set_password                     login moves
account_reset_password                   opens opens
account_confirm_login_code               login moves
account_confirm_email                    opens opens
account_reset_password_from_key_done     opens opens
account_reset_password_from_key          opens opens
account_reset_password_done              opens opens
accounts:join_by_link                    moves moves
accounts:privacy                         login opens
accounts:terms_accept                    login moves
texts:page                               opens opens
accounts:account_delete                  login opens
accounts:goodbye                         moves moves
usersessions_list                        login opens
mfa_index                                login opens
mfa_authenticate                         login moves
mfa_login_webauthn                       login moves
mfa_reauthenticate                       login moves
mfa_activate_totp                        login opens
mfa_deactivate_totp                      login 404
mfa_view_recovery_codes                  login 404
mfa_generate_recovery_codes              login opens
mfa_download_recovery_codes              login 404
mfa_list_webauthn                        login opens
mfa_add_webauthn                         login opens
mfa_reauthenticate_webauthn              login moves
mfa_remove_webauthn                      login 404
mfa_edit_webauthn                        login 404
"""
# What a superuser may do in the admin. Others of the staff may what is permitted to them.
ADMIN = """
account.EmailAddress    view
accounts.ApiKey         view
accounts.Payment        view
accounts.Plan           view add change delete
accounts.Transfer       view
accounts.User           view change
accounts.Workspace      view change
admin.LogEntry          view
auth.Group              view add change delete
django_q.Failure        view
django_q.OrmQ           view
gallery.Image           view
gallery.Report          view change
mfa.Authenticator       view
studio.Alert            view
studio.ArchivedJob      view
studio.Job              view
studio.Offer            view change
studio.Webhook          view
studio.Worker           view
"""


@pytest.fixture
def clients(ada: User, ben: User, vera: User, mallory: User, workspace: Workspace) -> Any:
    """A browser for each of PEOPLE."""
    team = {
        "viewer": vera,
        "member": ben,
        "admin": person("Anna", workspace, Role.ADMIN),
        "owner": ada,
        "removed": person("Rex", workspace, Role.ADMIN),
        "suspended": person("Sue", workspace, Role.ADMIN),
    }
    staff, operator = person("Stan"), person("Olga")
    User.objects.filter(pk__in=(staff.pk, operator.pk)).update(is_staff=True)
    User.objects.filter(pk=operator.pk).update(is_superuser=True)
    people = {**team, "outsider": mallory, "staff": staff, "operator": operator}
    found = {name: signed_in(user, workspace) for name, user in people.items()}
    Membership.objects.filter(user=people["removed"]).exclude(
        workspace=people["removed"].personal_workspace
    ).delete()
    User.objects.filter(pk=people["suspended"].pk).update(is_active=False)
    return {"anonymous": Client(), **found}


@pytest.fixture
def as_owner(ada: User, workspace: Workspace) -> Client:
    return signed_in(ada, workspace)


@pytest.fixture
def trusted(clients: dict[str, Client]) -> dict[str, Client]:
    """All have just given their password again, as what guards an account wants it."""
    for client in clients.values():
        client.post(reverse("account_reauthenticate"), {"password": "correct horse"})
    return clients


def of_table(table: str) -> Iterator[list[str]]:
    return (line.split() for line in table.strip().splitlines())


def routes(patterns: Any, prefix: str = "") -> Iterator[str]:
    """Their names; the pattern of one that has none."""
    for each in patterns:
        if isinstance(each, URLPattern):
            yield prefix + (each.name or str(each.pattern))
        else:
            yield from routes(
                each.url_patterns, prefix + f"{each.namespace}:" * bool(each.namespace)
            )


# The tables are whole


def test_every_route_is_in_a_table() -> None:
    found = set(routes(get_resolver().url_patterns))
    ours = {name for _, name, *_ in of_table(OURS)}
    own = {name for name, *_ in of_table(OWN)}
    assert {name for name in found if not name.startswith(("api:", "admin:"))} == ours | own
    assert {model._meta.label for model in admin.site._registry} == {
        model for model, *_ in of_table(ADMIN)
    }


# What belongs to a workspace


@pytest.mark.parametrize("row", list(of_table(OURS)), ids=lambda row: row[1])
def test_what_belongs_to_a_workspace(
    clients: dict[str, Client], ada: User, workspace: Workspace, row: list[str]
) -> None:
    verb, route, *expected = row
    found = {}
    for who in PEOPLE:
        address, fields = scene(route, ada, workspace)
        before = belongings(workspace)
        response = getattr(clients[who], verb.lower())(address, fields)
        has_changed = belongings(workspace) != before
        found[who] = "acts" if has_changed else verdict(response)
    assert found == dict(zip(PEOPLE, expected, strict=True))


@pytest.mark.parametrize("route", sorted({route for _, route, *_ in of_table(OURS)}))
def test_no_other_verb_does_anything(
    as_owner: Client, ada: User, workspace: Workspace, route: str
) -> None:
    known = {verb.lower() for verb, name, *_ in of_table(OURS) if name == route}
    address, fields = scene(route, ada, workspace)
    before = belongings(workspace)
    for verb in {"get", "post", "put", "patch", "delete"} - known:
        response = getattr(as_owner, verb)(address, fields if verb == "post" else None)
        assert response.status_code == 405, verb
    assert belongings(workspace) == before


def verdict(response: HttpResponse) -> str:
    if response.status_code == 302:
        is_login = response["Location"].split("?")[0] in {
            reverse("account_login"),
            reverse("admin:login"),
        }
        return "login" if is_login else "moves"
    if response.status_code != 200:
        return str(response.status_code)
    body = b"".join(response)  # type: ignore[call-overload]
    return "sees" if PROMPT.encode() in body or BYTES in body else "opens"


# Each person's own account


def test_ones_own_account(trusted: dict[str, Client]) -> None:
    named: dict[str, dict[str, Any]] = {
        "accounts:join_by_link": {"token": "none"},
        "texts:page": {"name": "terms"},
        "account_confirm_email": {"key": "none"},
        "account_reset_password_from_key": {"uidb36": "1", "key": "none"},
        "mfa_remove_webauthn": {"pk": 1},
        "mfa_edit_webauthn": {"pk": 1},
    }
    for route, *expected in of_table(OWN):
        address = reverse(route, kwargs=named.get(route))
        found = {who: verdict(trusted[who].get(address)) for who in PEOPLE}
        out = {who: found.pop(who) for who in ("anonymous", "suspended")}
        assert [set(out.values()), set(found.values())] == [{each} for each in expected], route


def test_a_security_key_is_its_owners_alone(trusted: dict[str, Client], ada: User) -> None:
    key = Authenticator.objects.create(
        user=ada, type=Authenticator.Type.WEBAUTHN, data={"name": "Blue", "credential": {}}
    )
    for route in ("mfa_edit_webauthn", "mfa_remove_webauthn"):
        address = reverse(route, args=[key.pk])
        found = {who: verdict(trusted[who].get(address)) for who in PEOPLE}
        expected = dict.fromkeys(PEOPLE, "404") | dict.fromkeys(("anonymous", "suspended"), "login")
        assert found == expected | {"owner": "opens"}, route
        assert trusted["outsider"].post(address, {"name": "mine"}).status_code == 404
    key.refresh_from_db()
    assert key.data["name"] == "Blue"


def test_an_export_is_its_persons_alone(trusted: dict[str, Client], ada: User) -> None:
    address = reverse("accounts:export_download", args=[exported(ada).pk])
    found = {who: verdict(trusted[who].get(address)) for who in PEOPLE}
    expected = dict.fromkeys(PEOPLE, "404") | dict.fromkeys(("anonymous", "suspended"), "login")
    assert found == expected | {"owner": "sees"}


# The admin


def test_the_admin_is_for_its_staff(clients: dict[str, Client]) -> None:
    """Nobody else finds out what there is; who may nothing there may see that, and no more."""
    addresses = set(admin_addresses())
    for who in PEOPLE[:8]:
        assert {verdict(clients[who].get(each)) for each in addresses} == {"login"}, who
    opened = {each for each in addresses if verdict(clients["staff"].get(each)) == "opens"}
    pages = ("index", "password_change", "password_change_done", "jsi18n")
    assert opened == {reverse(f"admin:{page}") for page in pages}


def admin_addresses() -> Iterator[str]:
    """All but the ways in and out."""
    for route in set(routes(admin.site.urls[0], "admin:")) - {"admin:login", "admin:logout"}:
        for arguments in ([], ["1"], ["1", "1"], ["studio"]):
            with suppress(NoReverseMatch):
                yield reverse(route, args=arguments)


@pytest.mark.parametrize("row", list(of_table(ADMIN)), ids=lambda row: row[0])
def test_what_a_superuser_may_do(rf: RequestFactory, row: list[str]) -> None:
    label, *expected = row
    request = rf.get("/")
    request.user = User(is_active=True, is_staff=True, is_superuser=True)
    managed = admin.site._registry[apps.get_model(label)]
    may = {verb for verb, is_given in managed.get_model_perms(request).items() if is_given}
    assert may == set(expected)
