"""An owner's evening: a key and its use, a member over a cap, all as a ZIP, the end and back."""

import csv
import io
import re
import zipfile
from pathlib import Path

import httpx
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.sizes import every_width, fits
from tests.browser.test_keys import fill_in, models
from tests.browser.test_main_job import sign_up
from tests.browser.test_owner_day import account_page
from tests.browser.test_teams import link_to
from tests.product import Product, until

TEAM = "Evening class"


@every_width(quick=1440)
def test_an_owner_s_evening(
    open_page: OpenPage, product: Product, width: int, tmp_path: Path
) -> None:
    owner, member = open_page(width), open_page(390, "dark")
    address = sign_up(owner, f"evening-{width}")
    ben = sign_up(member, f"evening-ben-{width}")
    secret = make_a_key(owner)
    use_it(owner, product, secret)
    take_in(owner, member, product, ben)
    cap(owner, ben)
    go_over_it(member)
    say_yes(owner, member, product, ben)
    take_everything(owner, product, address, tmp_path)
    go_and_come_back(owner, product, address, ben, secret)


def make_a_key(owner: Page) -> str:
    fill_in(owner, "posters").click()
    secret = owner.get_by_label("Your new key").input_value()
    fits(owner)
    owner.get_by_role("link", name="I have kept it").click()
    expect(owner.get_by_role("row").filter(has_text="posters")).to_contain_text("Never")
    return secret


def use_it(owner: Page, product: Product, secret: str) -> None:
    """A program makes a picture; the owner sees what the key spent, and finds the picture."""
    made = httpx.post(
        f"{product.url}/v1/images/generations",
        headers={"Authorization": f"Bearer {secret}"},
        json={"prompt": "a poster by a program", "response_format": "url"},
        timeout=60,
    )
    assert made.status_code == 200, made.text
    owner.reload()
    key = owner.get_by_role("row").filter(has_text="posters")
    expect(key).to_contain_text("$0.003")
    expect(key.locator("td[data-label='Last used']")).not_to_contain_text("Never")
    fits(owner)
    owner.goto("/gallery/")
    expect(owner.get_by_role("img", name="a poster by a program").first).to_be_visible()


def take_in(owner: Page, member: Page, product: Product, ben: str) -> None:
    """A team with credit for thirty pictures, and Ben in it."""
    owner.get_by_role("button", name="Workspace").click()
    owner.get_by_role("link", name="Make a team").click()
    owner.get_by_label("Name").fill(TEAM)
    owner.get_by_label("Name").press("Enter")
    owner.get_by_role("link", name="Move credit here").click()
    owner.get_by_label("Dollars").fill("0.09")
    fits(owner)
    owner.get_by_role("button", name="Move it").click()
    expect(owner.locator("#balance")).to_contain_text("$0.09 · 30 images")
    owner.get_by_label("Email").fill(ben)
    owner.get_by_role("button", name="Send the invitation").click()
    expect(owner.locator(".team-list li").filter(has_text=ben)).to_have_count(1)
    fits(owner)
    member.goto(link_to(product, ben))
    member.get_by_role("button", name="Join the team").click()
    expect(member.get_by_role("status").first).to_contain_text(f"You are in “{TEAM}” now.")


def cap(owner: Page, ben: str) -> None:
    owner.reload()
    owner.get_by_role("link", name=f"Change {ben}").click()
    owner.get_by_label("Monthly cap").fill("0.003")
    fits(owner)
    owner.get_by_role("button", name="Save").click()
    expect(owner.get_by_role("row").filter(has_text=ben)).to_contain_text("$0.00 of $0.003")


def go_over_it(member: Page) -> None:
    """The first picture is within the cap; for the second one he asks."""
    member.goto("/")
    prompt = member.get_by_label("Prompt").first
    prompt.fill("a jug of flowers")
    prompt.press("Enter")
    expect(member.get_by_role("img", name="a jug of flowers").first).to_be_visible()
    prompt.fill("a second jug")
    prompt.press("Enter")
    expect(member.get_by_role("alert").first).to_contain_text("Your cap of $0.003 a month")
    fits(member)
    member.get_by_role("button", name="Ask for it").click()
    expect(member.locator("#jobs")).to_contain_text("It keeps its place")
    fits(member)


def say_yes(owner: Page, member: Page, product: Product, ben: str) -> None:
    """The request has who, what and how much."""
    owner.reload()
    request = owner.get_by_role("region", name="Over a cap").get_by_role("listitem")
    for words in (ben, "a second jug", "$0.003"):
        expect(request).to_contain_text(words)
    fits(owner)
    request.get_by_role("button", name="Yes, make it").click()
    expect(owner.get_by_role("status").first).to_contain_text("will be made")
    expect(member.get_by_role("img", name="a second jug").first).to_be_visible()
    letter = f"To: {ben}"
    until(lambda: "said yes" in product.log("web").rpartition(letter)[2], "the letter to Ben", 20)


def take_everything(owner: Page, product: Product, address: str, folder: Path) -> None:
    """Asked for with the password, built, told by letter, and downloaded."""
    account_page(owner, "Privacy")
    fits(owner)
    owner.get_by_role("button", name="Build an export").click()
    expect(owner.get_by_role("heading", name="Is it you?")).to_be_visible()
    fits(owner)
    owner.get_by_label("Password", exact=True).fill("a long enough phrase")
    owner.get_by_role("button", name="Confirm").click()
    expect(owner.get_by_role("status").first).to_contain_text("A letter says when it is ready")
    letter = re.compile(rf"Subject: .*Your export is ready\nFrom: .*\nTo: {address}")
    until(lambda: letter.search(product.log("worker")), "the letter", 60)
    owner.reload()
    link = owner.get_by_role("link", name="Download the export of")
    expect(link).to_be_visible()
    fits(owner)
    with owner.expect_download() as download:
        link.click()
    download.value.save_as(folder / "all.zip")
    with zipfile.ZipFile(folder / "all.zip") as archive:
        assert archive.testzip() is None
        pictures = [name for name in archive.namelist() if "/pictures/" in name]
        assert len(pictures) == 3, "one of the key, two of the team"
        keys = "".join(archive.read(n).decode() for n in archive.namelist() if "keys" in n)
        assert "posters" in keys
        ledgers = [archive.read(n).decode() for n in archive.namelist() if "ledger" in n]
        spent = [row["dollars"] for text in ledgers for row in csv.DictReader(io.StringIO(text))]
        assert spent.count("-0.003") == 3


def go_and_come_back(owner: Page, product: Product, address: str, ben: str, secret: str) -> None:
    """Not while others depend on it; then for a week, in which signing in takes it back."""
    owner.get_by_role("link", name="Delete my account").click()
    expect(owner.get_by_role("main")).to_contain_text("the only owner of a team with others in it")
    fits(owner)
    owner.get_by_role("main").get_by_role("link", name=TEAM).click()
    owner.get_by_role("link", name=f"Remove {ben}").click()
    owner.get_by_role("button", name="Remove").click()
    account_page(owner, "Privacy")
    owner.get_by_role("link", name="Delete my account").click()
    expect(owner.get_by_role("main")).to_contain_text("In 7 days everything goes")
    fits(owner)
    owner.get_by_role("button", name="Delete my account").click()
    expect(owner.get_by_role("heading", name="Goodbye")).to_be_visible()
    fits(owner)
    assert models(product, secret) == 401, "keys stop at once"

    owner.get_by_role("link", name="Sign in, and keep it").click()
    owner.get_by_label("Email").fill(address)
    owner.get_by_label("Password", exact=True).fill("a long enough phrase")
    owner.get_by_role("button", name="Sign in", exact=True).click()
    expect(owner.get_by_label("Prompt").first).to_be_visible()
    expect(owner.get_by_role("status").first).to_contain_text("account")
    fits(owner)
    assert models(product, secret) == 200
    assert product.query(f"SELECT erase_at FROM accounts_user WHERE email = '{address}'") == [
        (None,)
    ]
