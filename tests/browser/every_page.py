"""Every page that the URLconf leads to, rendered, and a browser that is shown them.

What there is to see on them, and what addresses need, is in tests.config.scene: a
route that is there is found here without another word. Which routes lead to no page stands in
NO_PAGE; one that leads to none and is not named there stops the test.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.contrib.staticfiles import finders
from django.core import mail
from django.db import transaction
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, Route

from accounts import exports, invitations
from accounts.models import Role, User, Workspace
from config import errors
from studio.models import Job, State
from tests.config.scene import scene, signed_in
from tests.config.test_access import OURS, OWN, of_table
from tests.conftest import person
from tests.studio.makers import png, submit

ORIGIN = "http://localhost"  # where browsers give pages a clipboard
NO_PAGE = {
    # parts of a page, files, and programs' answers
    *("studio:bench", "studio:job_watch", "gallery:image_file", "gallery:image_download"),
    *("gallery:share_file", "gallery:share_download", "api:schema"),
    *("mfa_download_recovery_codes", "accounts:export_download", "accounts:ledger_csv"),
    # on to another page at once, or not for those who are signed in
    *("accounts:join_by_link", "account_set_password", "account_confirm_login_code"),
    *("mfa_reauthenticate", "mfa_reauthenticate_webauthn", "mfa_edit_webauthn"),
    *("mfa_remove_webauthn", "mfa_login_webauthn"),
    # among the states below
    *("mfa_authenticate", "mfa_view_recovery_codes", "mfa_deactivate_totp"),
    *("accounts:terms_accept", "accounts:goodbye"),
}
_ARGUMENTS: dict[str, dict[str, Any]] = {
    "account_confirm_email": {"key": "none"},
    "account_reset_password_from_key": {"uidb36": "1", "key": "none"},
    "mfa_remove_webauthn": {"pk": 1},
    "mfa_edit_webauthn": {"pk": 1},
    "accounts:join_by_link": {"token": "none"},
    "texts:page": {"name": "terms"},
}


@dataclass(frozen=True)
class Shown:
    name: str
    html: bytes
    headers: dict[str, str]


def of_people(ada: User, workspace: Workspace) -> list[Shown]:
    """All but the admin's and the API's: as an owner has them, or else who is not signed in."""
    named = {name for verb, name, *_ in of_table(OURS) if verb == "GET"}
    named |= {name for name, *_ in of_table(OWN)}
    found, without = [], set()
    owner = signed_in(ada, workspace)
    # as what guards an account wants it
    owner.post(reverse("account_reauthenticate"), {"password": "correct horse"})
    for route in sorted(named | {"api:reference", "api:schema"}):
        before = transaction.savepoint()
        address = _address(route, ada, workspace)
        answers = (client.get(address) for client in (owner, Client()))
        page = next((each for each in map(_page, answers) if each), None)
        transaction.savepoint_rollback(before)
        if page:
            found.append(Shown(route, *page))
        else:
            without.add(route)
    assert without == NO_PAGE, (
        f"no page came from {without - NO_PAGE}: show one, or name it in NO_PAGE; "
        f"a page came from {NO_PAGE - without}, which is named there"
    )
    return found + list(_states(owner, ada, workspace)) + list(_errors())


def of_the_admin(ada: User, workspace: Workspace) -> list[Shown]:
    """The way in, the lists, and a form of each thing that there is."""
    scene("studio:studio", ada, workspace)
    olga = person("Olga")
    User.objects.filter(pk=olga.pk).update(is_staff=True, is_superuser=True)
    operator = signed_in(olga, olga.personal_workspace)
    addresses = [reverse(f"admin:{each}") for each in ("index", "password_change")]
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        addresses += [reverse(f"{name}_changelist"), reverse(f"{name}_add")]
        if one := model._default_manager.first():
            verbs = ("change", "delete", "history")
            addresses += [reverse(f"{name}_{verb}", args=[one.pk]) for verb in verbs]
    pages = ((each, _page(operator.get(each))) for each in addresses)
    way_in = Client().get(reverse("admin:index"), follow=True)
    return [
        _shown("way in", way_in),
        *(Shown(address, *page) for address, page in pages if page),
    ]


def _address(route: str, ada: User, workspace: Workspace) -> str:
    if route in _ARGUMENTS:
        return reverse(route, kwargs=_ARGUMENTS[route])
    if ":" not in route or route.startswith("api:"):
        return reverse(route)
    address, fields = scene(route, ada, workspace)
    only = {name: fields[name] for name in ("image", "job") if name in fields}
    return (
        address
        + ("&" if "?" in address else "?") * bool(only)
        + "&".join(f"{name}={value}" for name, value in only.items())
    )


def _page(response: HttpResponse) -> tuple[bytes, dict[str, str]] | None:
    """If it is one, and a whole one."""
    is_page = response.status_code == 200 and "html" in response.headers.get("Content-Type", "")
    html = b"".join(response)  # type: ignore[call-overload] # to its end, which closes files
    return (html, dict(response.headers)) if is_page and b"</html>" in html else None


def _states(owner: Client, ada: User, workspace: Workspace) -> Iterator[Shown]:
    """Pages that are there in a certain moment, and what else an address may show."""
    zoe = person("Zoe")
    studio = reverse("studio:studio")
    yield _shown("first run", signed_in(zoe, zoe.personal_workspace).get(studio))
    vera = person("Vera", workspace, Role.VIEWER)
    yield _shown("studio of a viewer", signed_in(vera, workspace).get(studio))
    yield _shown("ends of jobs", _ended(zoe))
    yield from _of_invitations(zoe, owner, ada, workspace)
    TOTP.activate(ada, "JBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(ada)
    second = Client()
    second.post(reverse("account_login"), {"login": ada.email, "password": "correct horse"})
    yield _shown("second step", second.get(reverse("mfa_authenticate")))
    for route in ("mfa_index", "mfa_view_recovery_codes", "mfa_deactivate_totp"):
        yield _shown(f"{route} with a second step", owner.get(reverse(route)))
    key = Authenticator.objects.create(
        user=ada, type=Authenticator.Type.WEBAUTHN, data={"name": "Blue", "credential": {}}
    )
    for route in ("mfa_edit_webauthn", "mfa_remove_webauthn"):
        yield _shown(f"{route} of a key", owner.get(reverse(route, args=[key.pk])))
    yield _shown("passkeys with one", owner.get(reverse("mfa_list_webauthn")))
    exports.ask(by=ada)
    yield _shown("privacy with exports", owner.get(reverse("accounts:privacy")))
    User.objects.filter(pk=zoe.pk).update(agreed="")
    newcomer = Client()
    newcomer.force_login(zoe)
    yield _shown("terms to accept", newcomer.get("/", follow=True))
    gus = person("Gus")
    going = signed_in(gus, gus.personal_workspace)
    going.post(reverse("account_reauthenticate"), {"password": "correct horse"})
    yield _shown("goodbye", going.post(reverse("accounts:account_delete"), follow=True))
    yield _shown("refused at signing in", Client().post(reverse("account_login"), {"login": "x"}))


def _ended(zoe: User) -> HttpResponse:
    own = zoe.personal_workspace
    for state in (State.FAILED, State.FILTERED, State.CANCELLED, State.PARKED):
        (job,) = submit(zoe, own, prompt="a lake")
        finished_at = None if state == State.PARKED else timezone.now()
        Job.objects.filter(pk=job.pk).update(
            state=state, finished_at=finished_at, error="It broke.", feather=0
        )
    return signed_in(person("Yan", own, Role.OWNER), own).get(reverse("studio:studio"))  # type: ignore[return-value]


def _of_invitations(zoe: User, owner: Client, ada: User, workspace: Workspace) -> Iterator[Shown]:
    invitations.invite(workspace=workspace, by=ada, email=zoe.email, role=Role.MEMBER)
    link = re.search(r"/accounts/join/[\w-]+", str(mail.outbox[-1].body))
    assert link
    for name, client in (
        ("to somebody", Client()),
        ("to me", Client()),
        ("to another", owner),
    ):
        if name == "to me":
            client.force_login(zoe)
        yield _shown(f"invitation {name}", client.get(link[0], follow=True))


def _errors() -> Iterator[Shown]:
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    for status in sorted(errors._WORDS):
        yield Shown(f"error {status}", errors.page(request, status).content, {})
    yield Shown("error of an old page", errors.csrf_failure(request).content, {})


def _shown(name: str, response: HttpResponse) -> Shown:
    page = _page(response)
    assert page, f"{name} is no page: {response.status_code}"
    return Shown(name, *page)


class Stage:
    """Shows pages in a browser without a server: their files come from the folders of static ones.

    Whatever else a page asks for is not there, as when the line is cut.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self._html = b""
        self._headers: dict[str, str] = {}
        self._number = 0
        page.route("**/*", self._answer)

    def show(self, shown: Shown) -> None:
        self._html, self._number = shown.html, self._number + 1
        self._headers = {
            name: value for name, value in shown.headers.items() if name.startswith("Content-")
        }
        self.page.goto(f"{ORIGIN}/{self._number}")

    def _answer(self, route: Route) -> None:
        path = urlsplit(route.request.url).path
        if route.request.is_navigation_request() and path == f"/{self._number}":
            headers = {"Content-Type": "text/html; charset=utf-8", **self._headers}
            headers.pop("Content-Length", None)
            route.fulfill(body=self._html, headers=headers)
        elif path.startswith("/static/") and (file := finders.find(path.removeprefix("/static/"))):
            route.fulfill(path=str(file))
        elif route.request.resource_type == "image":
            route.fulfill(body=png(64, 48), content_type="image/png")
        else:
            route.abort()
