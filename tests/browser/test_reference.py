"""The reference of the API: an example is copied as it stands there."""

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage


def test_an_example_is_copied(open_page: OpenPage) -> None:
    page = open_page(1440)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/v1/docs")
    example = page.locator(".example").filter(has=page.get_by_role("heading", name="curl")).first
    example.get_by_role("button", name="Copy").click()
    expect(example.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == example.locator("code").inner_text().strip()
    assert copied.startswith("curl ")
