"""Two of a team and a guest: choosing by mouse, keys and touch; a ZIP; the life of a link."""

import json
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.sizes import fits
from tests.browser.test_main_job import sign_up
from tests.browser.test_teams import TEAM, fund_a_team, link_to, menu, press, switch, write
from tests.product import Product, until

IN_SIGHT = """(count) => {
    const all = [...document.querySelectorAll(".tile img")];
    return all.filter((each) => each.naturalWidth).length === count;
}"""
MADE = 4
ENDED = """
from django.utils import timezone
from gallery.models import ShareLink
ShareLink.objects.update(expires_at={})
"""


@pytest.mark.complains("404", "410")
def test_a_team_chooses_and_shares(open_page: OpenPage, product: Product) -> None:
    ada, ben, guest = open_page(1440), open_page(390), open_page(1440, "dark")
    sign_up(ada, "pair-ada")
    email = sign_up(ben, "pair-ben")
    invite_until_it_holds(ada, ben, product, email)
    make(ada)
    by_mouse_and_keys(ada)
    by_touch(ben, ada)
    address = share(ada)
    asked_for_a_password(guest, address)
    shown_and_hidden(ada, ben, guest)
    ended(product, guest)
    revoked(ada, ben, guest)


def invite_until_it_holds(ada: Page, ben: Page, product: Product, email: str) -> None:
    """Sent again, only the new link leads in; revoked, none does; invited anew, Ben joins."""
    fund_a_team(ada)
    invite(ada, email)
    old = link_to(product, email)
    press(ada.get_by_role("button", name=f"Send again to {email}"))
    new = str(until(lambda: (found := link_to(product, email)) != old and found, "a new link"))
    join = ben.get_by_role("button", name="Join the team")
    ben.goto(old)
    expect(join).to_have_count(0)
    ben.goto(new)
    expect(join).to_be_visible()
    press(ada.get_by_role("button", name=f"Revoke the invitation to {email}"))
    expect(ada.get_by_role("heading", name="Invited")).to_have_count(0)
    press(join)
    expect(join).to_have_count(0)
    expect(menu(ben).get_by_role("button", name=TEAM)).to_have_count(0)
    invite(ada, email)
    third = str(until(lambda: (found := link_to(product, email)) != new and found, "a new link"))
    ben.goto(third)
    press(join)
    expect(ben.get_by_role("status").first).to_contain_text(f"You are in “{TEAM}” now.")


def invite(ada: Page, email: str) -> None:
    write(ada.get_by_label("Email"), email)
    press(ada.get_by_role("button", name="Send the invitation"))
    expect(ada.locator(".team-list li").filter(has_text=email)).to_have_count(1)


def make(ada: Page) -> None:
    ada.goto("/")
    ada.get_by_label("How many").fill(str(MADE))
    write(ada.get_by_label("Prompt").first, "a quiet lake")
    press(ada.get_by_label("Prompt").first)
    expect(ada.locator("main article a img")).to_have_count(MADE)


def tiles(page: Page) -> Locator:
    return page.locator("#pictures .tile-link")


def chosen(page: Page, count: int) -> None:
    expect(page.locator(".selection-count")).to_have_text(f"{count} selected")


def by_mouse_and_keys(ada: Page) -> None:
    ada.goto("/gallery/")
    ada.get_by_role("button", name="Select", exact=True).click()
    tiles(ada).nth(0).click()
    tiles(ada).nth(2).click(modifiers=["Shift"])
    chosen(ada, 3)
    ada.keyboard.press("Escape")
    chosen(ada, 0)
    tiles(ada).first.focus()
    ada.keyboard.press("x")
    ada.keyboard.press("ArrowRight")
    ada.keyboard.press("Space")
    chosen(ada, 2)
    ada.keyboard.press("ControlOrMeta+a")
    chosen(ada, MADE)
    with ada.expect_download() as download:
        press(ada.get_by_role("toolbar").get_by_role("button", name="Download"))
    archive = zipfile.ZipFile(download.value.path())
    assert archive.testzip() is None
    assert len(archive.namelist()) == MADE + 1
    recipes = json.loads(archive.read("recipes.json"))
    assert "a quiet lake" in json.dumps(recipes)


def by_touch(ben: Page, ada: Page) -> None:
    """A finger that stays chooses one, then taps do; what Ben trashes and brings back, Ada sees."""
    ben.goto("/gallery/")
    ben.evaluate("customElements.whenDefined('selection-bar').then(() => true)")
    box = tiles(ben).first.bounding_box()
    assert box
    finger = ben.context.new_cdp_session(ben)
    point = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    expect(ben.locator(".selection-count")).to_have_text("1 selected")
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    tiles(ben).nth(1).tap()
    chosen(ben, 2)
    fits(ben)
    ben.get_by_role("toolbar").get_by_role("button", name="Trash").tap()
    expect(tiles(ben)).to_have_count(MADE - 2)
    ada.goto("/gallery/")
    expect(tiles(ada)).to_have_count(MADE - 2)
    ada.goto("/gallery/trash/")
    ada.wait_for_function(IN_SIGHT, arg=2)
    ben.get_by_role("button", name="Undo").tap()
    expect(tiles(ben)).to_have_count(MADE)
    ada.goto("/gallery/")
    expect(tiles(ada)).to_have_count(MADE)


def share(ada: Page) -> str:
    """For three days, with a password, the prompt hidden, nothing to download."""
    tiles(ada).first.click()
    ada.wait_for_url("**/images/**")
    ada.get_by_role("link", name="Share").first.click()
    ada.get_by_label("Last day").fill(f"{datetime.now(UTC) + timedelta(days=3):%Y-%m-%d}")
    ada.get_by_label("Password").fill("under the boat")
    ada.get_by_label("Show prompt and settings").uncheck()
    ada.get_by_label("Allow downloads").uncheck()
    ada.get_by_role("button", name="Make the link").click()
    return ada.get_by_label("Address").input_value()


def asked_for_a_password(guest: Page, address: str) -> None:
    guest.goto(address)
    expect(guest.get_by_role("heading", name="This link asks for a password")).to_be_visible()
    guest.get_by_label("Password").fill("under the bed")
    guest.get_by_role("button", name="Open").click()
    expect(guest.get_by_role("alert")).to_be_visible()
    guest.get_by_label("Password").fill("under the boat")
    guest.get_by_role("button", name="Open").click()
    expect(guest.locator("main img").first).to_be_visible()
    expect(guest.locator("main")).not_to_contain_text("a quiet lake")
    expect(guest.get_by_role("link", name="Download")).to_have_count(0)
    fits(guest)


def shown_and_hidden(ada: Page, ben: Page, guest: Page) -> None:
    """What Ada changes about it, the guest sees at the next look; Ben sees the link in the list."""
    for is_shown in (True, False):
        ada.get_by_label("Show prompt and settings").set_checked(is_shown)
        ada.get_by_label("Allow downloads").set_checked(is_shown)
        ada.get_by_role("button", name="Change it").click()
        expect(ada.get_by_label("Allow downloads")).to_be_checked(checked=is_shown)
        guest.reload()
        expect(guest.locator("main img").first).to_be_visible()
        expect(guest.get_by_role("heading", name="Recipe")).to_have_count(int(is_shown))
        expect(guest.get_by_role("link", name="Download")).to_have_count(int(is_shown))
        assert ("a quiet lake" in guest.locator("main").inner_text()) is is_shown
    ben.goto("/links/")
    expect(ben.locator("main")).to_contain_text("Works, with a password")


def ended(product: Product, guest: Page) -> None:
    product.manage("shell", "--no-imports", "-c", ENDED.format("timezone.now()"))
    guest.reload()
    expect(guest.locator("main img")).to_have_count(0)
    product.manage("shell", "--no-imports", "-c", ENDED.format("None"))
    guest.reload()
    expect(guest.locator("main img").first).to_be_visible()


def revoked(ada: Page, ben: Page, guest: Page) -> None:
    ada.get_by_role("link", name="Revoke").click()
    ada.get_by_role("button", name="Revoke it").click()
    guest.reload()
    expect(guest.locator("main img")).to_have_count(0)
    ben.reload()
    expect(ben.locator("main")).not_to_contain_text("Works")
    switch(ben, "Personal")
    ben.goto("/links/")
    expect(ben.locator("main")).not_to_contain_text("a quiet lake")
