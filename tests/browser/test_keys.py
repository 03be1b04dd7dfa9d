"""A programmer's first minutes: a key is made, copied, used and revoked."""

import contextlib
import subprocess
import sys

import httpx
import pytest
from playwright.sync_api import Error, Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.sizes import fits
from tests.browser.test_main_job import sign_up
from tests.product import Product


def models(product: Product, secret: str) -> int:
    headers = {"Authorization": f"Bearer {secret}"}
    return httpx.get(f"{product.url}/v1/models", headers=headers, timeout=20).status_code


def fill_in(page: Page, name: str) -> Locator:
    """The button that is left to be pressed."""
    page.get_by_role("button", name="Account", exact=True).click()
    page.get_by_role("link", name="API keys").first.click()
    page.get_by_role("link", name="Make a key").click()
    page.get_by_label("Name").fill(name)
    return page.get_by_role("button", name="Make the key")


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (360, "dark")])
def test_make_copy_use_and_revoke(
    open_page: OpenPage, product: Product, width: int, scheme: str
) -> None:
    page = open_page(width, scheme)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_up(page, f"keys-{width}")
    fill_in(page, "posters").click()
    field = page.get_by_label("Your new key")
    secret = field.input_value()
    page.locator("shown-once").get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == secret
    assert models(product, secret) == 200

    page.get_by_role("link", name="I have kept it").click()
    row = page.get_by_role("row").filter(has_text="posters")
    expect(row).to_contain_text(f"{secret[:14]}…{secret[-4:]}")
    expect(row).to_have_count(1)
    fits(page)
    row.get_by_role("link", name="Revoke").click()
    assert models(product, secret) == 200
    page.get_by_role("button", name="Revoke it").click()
    expect(page.get_by_role("row").filter(has_text="posters")).to_contain_text("Revoked")
    assert models(product, secret) == 401
    for role in ("web", "worker"):
        assert secret[15:] not in product.log(role)


@pytest.mark.complains("ERR_CACHE_MISS")
def test_a_key_is_selected_by_a_click_and_gone_on_coming_back(open_page: OpenPage) -> None:
    page = open_page(1440)
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    sign_up(page, "no-clipboard")
    fill_in(page, "posters").click()
    field = page.get_by_label("Your new key")
    secret = field.input_value()
    expect(page.locator("shown-once").get_by_role("button", name="Copy")).to_have_count(0)
    field.click()
    assert page.evaluate("getSelection().toString()") == secret
    page.evaluate("dispatchEvent(new Event('pagehide'))")
    expect(field).to_have_value("")
    assert secret not in page.content()

    page.get_by_role("link", name="I have kept it").click()
    expect(page.get_by_role("row").filter(has_text="posters")).to_be_visible()
    with contextlib.suppress(Error):  # a browser may refuse to go back to it at all
        page.go_back()
    page.wait_for_function(
        "document.readyState === 'complete' && !location.pathname.endsWith('/keys/')"
    )
    assert secret not in page.evaluate("document.documentElement.outerHTML")
    page.goto("/accounts/keys/")
    expect(page.get_by_role("row").filter(has_text="posters")).to_have_count(1)


def test_a_form_under_way_is_not_sent_again(open_page: OpenPage) -> None:
    page = open_page(1440)
    sign_up(page, "impatient")
    goes = fill_in(page, "posters").evaluate(
        "button => [1, 2].map(() => button.form.dispatchEvent("
        "new SubmitEvent('submit', { bubbles: true, cancelable: true })))"
    )
    assert goes == [True, False]


def test_the_examples_of_a_key_that_reads_run_as_shown(
    open_page: OpenPage, product: Product
) -> None:
    page = open_page(390)
    sign_up(page, "reader")
    button = fill_in(page, "dashboard")
    page.get_by_label("Make and edit images").uncheck()
    button.click()
    secret = page.get_by_label("Your new key").input_value()
    variables = product.environment | {"EASEL_API_KEY": secret}
    curl, python = (
        page.locator(f"#look-{language}").inner_text() for language in ("curl", "python")
    )
    for command in (["sh", "-c", curl], [sys.executable, "-c", python]):
        said = subprocess.run(command, env=variables, capture_output=True, timeout=60, check=True)
        assert b"step-image-edit-2" in said.stdout
