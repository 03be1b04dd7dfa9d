"""Two people in one team and one outside, in three browsers at once, all by keyboard."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import sizes
from tests.browser.conftest import OpenPage
from tests.browser.test_main_job import sign_up
from tests.product import Product, until

TEAM = "Poster workshop"
BEN = "team-ben@example.com"


def press(control: Locator, key: str = "Enter") -> None:
    focus(control)
    control.press(key)


def focus(control: Locator) -> None:
    """Focuses it when its page's modules have run: Enter in the prompt is a new line before."""
    control.focus()
    control.page.wait_for_load_state()


def write(field: Locator, text: str) -> None:
    focus(field)
    field.page.keyboard.press("ControlOrMeta+a")
    field.page.keyboard.type(text)


def menu(page: Page) -> Locator:
    press(page.get_by_role("button", name="Workspace"))
    found = page.locator("#workspaces")
    expect(found).to_be_visible()
    return found


def switch(page: Page, name: str) -> None:
    press(menu(page).get_by_role("button", name=name))
    here = page.locator("#workspaces [aria-current]")
    expect(here).to_contain_text(name)


def people(page: Page) -> None:
    press(menu(page).get_by_role("link", name="People"))
    expect(page.get_by_role("heading", name=TEAM)).to_be_visible()


def fits(page: Page) -> None:
    """Nothing is cut off, and the header is one line."""
    sizes.fits(page)
    assert page.evaluate("document.querySelector('.header').offsetHeight") < 70


def link_to(product: Product, email: str) -> str:
    """Of the letter that was printed, as there is no mail server."""

    def found() -> str | None:
        letter = product.log("web").rpartition(f"To: {email}")[2]
        link = re.search(r"http://127\.0\.0\.1:\d+(/accounts/join/[\w-]+)", letter)
        return link[1] if link else None

    return str(until(found, "the letter", 20))


@pytest.mark.complains("404")
def test_a_team_at_work(open_page: OpenPage, product: Product) -> None:
    ada, ben, mallory = open_page(1440), open_page(360, "dark"), open_page(1440)
    sign_up(ada, "team-ada")
    sign_up(mallory, "team-mallory")
    found_and_invite(ada)
    only_who_is_invited_joins(link_to(product, BEN), ben, mallory)
    picture = make_for_the_team(ben, ada)
    assert mallory.request.get(picture).status == 404
    open_from_elsewhere(ben, picture)
    copy_for_oneself(ada)
    cap(ada, ben)
    ask(ada, ben, product)
    remove(ada, ben, picture)


def fund_a_team(ada: Page) -> None:
    """A team with credit for thirty images."""
    name_a_team(ada)
    press(ada.get_by_role("link", name="Move credit here"))
    write(ada.get_by_label("Dollars"), "0.09")
    press(ada.get_by_role("button", name="Move it"))


def name_a_team(ada: Page) -> None:
    press(menu(ada).get_by_role("link", name="Make a team"))
    write(ada.get_by_label("Name"), TEAM)
    press(ada.get_by_label("Name"))


def found_and_invite(ada: Page) -> None:
    """Ada makes a team, funds it, and invites Ben."""
    fund_a_team(ada)
    expect(ada.locator("#balance")).to_contain_text("$0.09 · 30 images")
    write(ada.get_by_label("Email"), "Team-Ben@example.com")
    press(ada.get_by_role("button", name="Send the invitation"))
    expect(ada.locator(".team-list li").filter(has_text=BEN)).to_have_count(1)


def only_who_is_invited_joins(link: str, ben: Page, mallory: Page) -> None:
    """Another's account cannot take it; Ben signs up with his address and joins."""
    mallory.goto(link)
    expect(mallory.locator("main")).to_contain_text(f"is for {BEN}")
    expect(mallory.get_by_role("button", name="Join")).to_have_count(0)
    ben.goto(link)
    press(ben.get_by_role("link", name="Sign up to join"))
    expect(ben.get_by_label("Email")).to_have_value(BEN)
    write(ben.get_by_label("Password"), "a long enough phrase")
    press(ben.get_by_label("Password"))
    press(ben.get_by_role("button", name="Join the team"))
    expect(ben.get_by_role("status").first).to_contain_text(f"You are in “{TEAM}” now.")
    fits(ben)


def make_for_the_team(ben: Page, ada: Page) -> str:
    """What Ben makes is paid by the team, and Ada sees whose it is."""
    write(ben.get_by_label("Prompt").first, "a quiet lake")
    press(ben.get_by_label("Prompt").first)
    expect(ben.get_by_role("img", name="a quiet lake").first).to_be_visible()
    expect(ben.locator("#balance")).to_contain_text("$0.087")
    menu(ben)
    expect(ben.locator("#balance-here")).to_have_text("$0.087")
    ben.keyboard.press("Escape")
    fits(ben)
    ada.goto("/")
    expect(ada.locator("#jobs")).to_contain_text(f"By {BEN}")
    ada.goto("/gallery/")
    expect(ada.locator("main")).to_contain_text(BEN)
    press(ada.locator("main a:has(img)").first)
    ada.wait_for_url("**/images/**")
    return ada.url


def open_from_elsewhere(ben: Page, picture: str) -> None:
    """An address of the team's opens from one's own workspace, and says whose it is."""
    switch(ben, "Personal")
    expect(ben.locator("#balance")).to_contain_text("$0.15")
    ben.goto(picture)
    expect(ben.locator("main")).to_contain_text(f"This picture is in “{TEAM}”")
    fits(ben)
    press(ben.get_by_role("button", name="Work in"))
    expect(ben.locator("main")).not_to_contain_text("This picture is in")


def copy_for_oneself(ada: Page) -> None:
    """A copy for Ada alone."""
    press(ada.get_by_role("link", name="Move or copy"))
    press(ada.get_by_role("button", name="Copy"))
    expect(ada.get_by_role("status").first).to_contain_text("copied to “Personal”")
    switch(ada, "Personal")
    ada.goto("/gallery/")
    expect(ada.get_by_role("img", name="a quiet lake")).to_have_count(1)


def cap(ada: Page, ben: Page) -> None:
    """A cap stops Ben, in words."""
    switch(ada, TEAM)
    people(ada)
    press(ada.get_by_role("link", name=f"Change {BEN}"))
    write(ada.get_by_label("Monthly cap"), "0.003")
    press(ada.get_by_role("button", name="Save"))
    expect(row_of_ben(ada)).to_contain_text("$0.003 of $0.003")
    people(ben)
    fits(ben)
    ben.goto("/")
    write(ben.get_by_label("Prompt").first, "another lake")
    press(ben.get_by_label("Prompt").first)
    expect(ben.get_by_role("alert").first).to_contain_text("Your cap of $0.003 a month")


def ask(ada: Page, ben: Page, product: Product) -> None:
    """Ben asks for the order that his cap stopped; Ada reads it, and says yes."""
    press(ben.get_by_role("button", name="Ask for it"))
    expect(ben.locator("#jobs")).to_contain_text("It keeps its place")
    expect(ben.locator("#balance")).to_contain_text("$0.084")
    fits(ben)
    people(ada)
    request = ada.get_by_role("region", name="Over a cap").get_by_role("listitem")
    expect(request).to_contain_text("another lake")
    expect(request).to_contain_text("$0.003")
    press(request.get_by_role("button", name="Yes, make it"))
    expect(ada.get_by_role("status").first).to_contain_text("will be made")
    expect(ben.get_by_role("img", name="another lake").first).to_be_visible()
    until(lambda: "said yes to the picture over your cap" in product.log("web"), "the letter", 20)


def remove(ada: Page, ben: Page, picture: str) -> None:
    """Removed, Ben finds nothing any more, and his open tab spends nothing."""
    row = row_of_ben(ada)
    press(row.get_by_role("link", name=f"Remove {BEN}"))
    press(ada.get_by_role("button", name="Remove"))
    expect(row).to_have_count(0)
    write(ben.get_by_label("Prompt").first, "a third lake")
    press(ben.get_by_label("Prompt").first)
    expect(ben.get_by_role("alert").first).to_contain_text("Not charged.")
    for address in (picture, picture + "original", "/"):
        assert TEAM not in ben.request.get(address).text()
    assert ben.request.get(picture).status == 404
    ben.goto("/")
    expect(ben.locator("#balance")).to_contain_text("$0.15")
    ada.goto(picture)
    expect(ada.get_by_role("img", name="a quiet lake").first).to_be_visible()


def row_of_ben(ada: Page) -> Locator:
    return ada.get_by_role("row").filter(has_text=BEN)


def test_roles_and_the_end_of_a_team(open_page: OpenPage, product: Product) -> None:
    """At the other widths: Ada on a phone, Vera on a desktop."""
    ada, vera = open_page(360), open_page(1440, "dark")
    sign_up(ada, "end-ada")
    email = sign_up(vera, "end-vera")
    name_a_team(ada)
    write(ada.get_by_label("Email"), email)
    press(ada.get_by_label("Viewer"), "Space")
    press(ada.get_by_role("button", name="Send the invitation"))
    fits(ada)
    vera.goto(link_to(product, email))
    press(vera.get_by_role("button", name="Join the team"))
    expect(vera.locator("main")).to_contain_text("your role is viewer")
    expect(vera.get_by_label("Prompt")).to_have_count(0)

    press(ada.get_by_role("link", name="Delete the team"))
    expect(ada.locator("main")).to_contain_text("Another person is in it.")
    ada.go_back()
    ada.reload()
    press(ada.get_by_role("link", name=f"Change {email}"))
    fits(ada)
    press(ada.get_by_role("link", name="Hand it over"))
    press(ada.get_by_role("button", name="Hand it over"))
    press(ada.get_by_role("link", name="Leave the team"))
    press(ada.get_by_role("button", name="Leave"))
    expect(ada.get_by_role("status").first).to_contain_text("You have left")
    vera.goto("/")
    expect(vera.get_by_label("Prompt").first).to_be_visible()
    people(vera)
    press(vera.get_by_role("link", name="Leave the team"))
    press(vera.get_by_role("button", name="Leave"))
    expect(vera.get_by_role("alert")).to_contain_text("A team has an owner.")
    press(vera.get_by_role("link", name="Stay"))
    press(vera.get_by_role("link", name="Delete the team"))
    press(vera.get_by_role("button", name="Delete it"))
    expect(vera.get_by_role("status").first).to_contain_text("is deleted")
    expect(menu(vera).get_by_role("button", name=TEAM)).to_have_count(0)
