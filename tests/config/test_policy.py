"""What is promised of every page, of strangers who try, and of the settings."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts import tries
from accounts.models import User, Workspace
from tests.browser import every_page
from tests.config.scene import workspace  # noqa: F401
from tests.product import Person, Product, free_port, until

DATA_BLOCK = re.compile(r'type="application/json"')


# Content-Security-Policy


@pytest.mark.django_db
def test_every_page_runs_only_our_own_code(ada: User, workspace: Workspace) -> None:  # noqa: F811
    """Of people and of the admin: each tag is of a file of ours, bears the nonce, or is data."""
    pages = every_page.of_people(ada, workspace) + every_page.of_the_admin(ada, workspace)
    wrong = {page.name: found for page in pages if (found := list(faults(page)))}
    assert wrong == {}


def faults(page: every_page.Shown) -> Iterator[str]:
    html = page.html.decode()
    is_error = page.name.startswith("error")  # made without the middleware that sets it
    policy = page.headers.get("Content-Security-Policy", "")
    nonce = re.search(r"'nonce-([^']+)'", policy)
    if not is_error and ("default-src 'none'" not in policy or "unsafe" in policy):
        yield f"its policy is {policy!r}"
    for tag in re.findall(r"<script\b[^>]*>", html):
        is_ours = re.search(r'\ssrc="/(static|admin/jsi18n)/', tag)
        is_known = nonce and f'nonce="{nonce[1]}"' in tag
        if not (is_ours or is_known or DATA_BLOCK.search(tag)):
            yield tag
    yield from re.findall(r"<style\b[^>]*>|<[^>]+\sstyle=[^>]*>|<[^>]+\son[a-z]+=[\"'][^>]*>", html)
    for address in re.findall(r"<(?:script|link|img|iframe)\b[^>]*\s(?:src|href)=\"([^\"]+)", html):
        if not address.startswith(("/", "data:", "#", "?")):
            yield address


# Settings


def test_the_deploy_check_is_clean(tmp_path: Path) -> None:
    """With no variable but where the data is: the defaults are those of production."""
    known = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=django_settings.BASE_DIR,
        env=known | {"DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


# Strangers


def address_of(rf: RequestFactory, forwarded: str) -> str:
    headers = {"X-Forwarded-For": forwarded, "X-Real-IP": "6.6.6.6", "Forwarded": "for=6.6.6.6"}
    return tries.address_of(rf.get("/", headers=headers))


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "6.6.6.6", "127.0.0.1"),
        (1, "6.6.6.6, 203.0.113.7", "203.0.113.7"),
        (2, "6.6.6.6, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
    ],
)
def test_who_forwards_is_believed_as_far_as_is_configured(
    rf: RequestFactory, settings: Any, proxies: int, forwarded: str, expected: str
) -> None:
    """What a visitor wrote into the header stands left of what our proxies added."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    assert address_of(rf, forwarded) == expected


@pytest.mark.django_db
def test_a_forged_address_makes_no_room(client: Client, ada: User) -> None:
    cache.clear()
    codes = [
        client.post(
            reverse("account_login"),
            {"login": f"nobody{number}@example.com", "password": "wrong"},
            headers={"X-Forwarded-For": f"203.0.113.{number}"},
        ).status_code
        for number in range(40)
    ]
    assert codes[0] == 200
    assert codes[-1] == 429


@pytest.mark.django_db
def test_a_forged_scheme_is_not_believed(client: Client) -> None:
    assert not client.get("/", headers={"X-Forwarded-Proto": "https"}).wsgi_request.is_secure()


def test_two_web_processes_count_tries_together(tmp_path: Path) -> None:
    """A password is guessed at both in turn; each alone would allow as many again."""
    with Product(tmp_path) as product:
        port = free_port()
        product.start("web", port=port)
        second = f"http://127.0.0.1:{port}"
        until(lambda: is_up(second), "the second web process")
        product.sign_up("ada@example.com")
        people = [Person(product.url), Person(second)]
        said = [guess(people[number % 2]) for number in range(20)]
        for each in people:
            each.close()
    let_through = said.index(True)
    assert let_through == 10  # ACCOUNT_RATE_LIMITS: login_failed is 10 in 5 minutes for a name


def guess(person: Person) -> bool:
    """Whether it was refused for being one too many."""
    fields = {"login": "ada@example.com", "password": "wrong"}
    answer = person.post("/accounts/login/", data=fields)
    return answer.status_code == 429 or "Too many failed" in answer.text


def is_up(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz").status_code == 200
    except httpx.TransportError:
        return False
