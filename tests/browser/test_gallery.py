"""A page of many pictures, complete, and again out of the browser's own cache."""

import pytest
from playwright.sync_api import Page

from tests.bench.__main__ import told_by
from tests.browser.conftest import OpenPage
from tests.browser.test_main_job import sign_up
from tests.product import Product, until

COUNT = 60
# What came from the cache has transferred nothing.
ASKED_ANEW = """performance.getEntriesByType("resource").filter(
    (each) => each.initiatorType === "img" && each.transferSize).length"""


# To one after the other that is not there: what is far away is fetched when one comes near.
SCROLL = """async () => {
    const all = [...document.querySelectorAll("#pictures img")];
    const missing = () => all.filter((each) => !each.naturalWidth);
    for (const each of missing()) {
        each.scrollIntoView();
        await new Promise(requestAnimationFrame);
    }
    return missing().length;
}"""


def is_complete(page: Page) -> None:
    until(lambda: page.locator("#pictures img").count() == COUNT, "the page")
    until(lambda: page.evaluate(SCROLL) == 0, f"{COUNT} pictures being there")


@pytest.mark.parametrize("width", [1440, 390])
def test_a_page_is_complete_and_asks_for_nothing_twice(
    open_page: OpenPage, product: Product, width: int
) -> None:
    page = open_page(width)
    told_by("drawn", product, str(COUNT), sign_up(page, f"sixty-{width}"))
    page.goto("/gallery/")
    is_complete(page)
    assert page.evaluate(ASKED_ANEW) == COUNT
    page.get_by_role("link", name="Studio").first.click()
    page.get_by_role("link", name="Gallery").first.click()
    is_complete(page)
    assert page.evaluate(ASKED_ANEW) == 0
