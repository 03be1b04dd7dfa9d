"""An owner's account from its passkey to its end, and back, with an authenticator of Chromium's.

At `localhost`, as browsers keep passkeys for names and not for 127.0.0.1.
"""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.sizes import fits
from tests.product import Product, until

PASSWORD = "a long enough phrase"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    with Product(tmp_path, ENGINE="sketch", ALLOWED_HOSTS="127.0.0.1,localhost") as running:
        yield running


@pytest.fixture
def page(browser: Browser, product: Product) -> Iterator[Page]:
    context = browser.new_context(
        base_url=f"http://localhost:{product.port}", viewport={"width": 390, "height": 844}
    )
    found = context.new_page()
    session = context.new_cdp_session(found)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    yield found
    context.close()


def letter(product: Product, pattern: str) -> str:
    """From the log, where letters are printed."""
    found: Any = until(lambda: re.search(pattern, product.log("web")), pattern)
    return str(found[0])


def test_a_passkey_an_export_the_end_and_back(page: Page, product: Product) -> None:
    page.goto("/accounts/signup/")
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    page.wait_for_url("/")
    page.goto(letter(product, r"/accounts/confirm-email/[^/\s]+/"))
    page.get_by_role("button", name="Yes, confirm it").click()

    page.goto("/accounts/2fa/webauthn/add/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Name").fill("my phone")
    page.get_by_label("A passkey: sign in with it alone").check()
    page.get_by_role("button", name="Add it").click()
    page.wait_for_url(re.compile("2fa/(webauthn/$|recovery)"))
    page.goto("/accounts/2fa/webauthn/")
    expect(page.get_by_role("row").filter(has_text="my phone")).to_contain_text("Passkey")
    fits(page)

    page.goto("/accounts/privacy/")
    page.get_by_role("button", name="Build an export").click()
    link = page.get_by_role("link", name="Download the export")
    until(lambda: page.reload() and link.count(), "the export")
    with page.expect_download() as download:
        link.click()
    archive = zipfile.ZipFile(download.value.path())
    assert archive.testzip() is None
    assert b"ada@example.com" in archive.read("person/profile.json")

    page.get_by_role("link", name="Delete my account").click()
    page.get_by_role("button", name="Delete my account").click()
    expect(page.get_by_role("heading", name="Goodbye")).to_be_visible()
    page.goto("/accounts/privacy/delete")
    expect(page).to_have_url("/accounts/login/")  # that leads to where one makes pictures
    page.goto("/accounts/goodbye")
    page.get_by_role("link", name="Sign in, and keep it").click()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("Your account stays")).to_be_visible()
    page.goto("/accounts/goodbye")
    expect(page).to_have_url("/")
