"""An owner's day: make, top up at Stripe's page, read all of it; a refund, and a dispute.

The evening, with keys, people and the account itself, is in `test_owner_evening`.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.sizes import fits
from tests.browser.test_main_job import sign_up
from tests.product import Product, until
from tests.stripe.strict import StrictStripe


@pytest.fixture(scope="module")
def stripe() -> Iterator[StrictStripe]:
    with StrictStripe() as server:
        yield server


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory, stripe: StrictStripe) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("owner")
    with Product(folder, ENGINE="sketch", **stripe.variables) as running:
        stripe.hook, stripe.delivers = f"{running.url}/accounts/stripe/webhook", True
        yield running


@pytest.mark.parametrize("width", [360, 1440])
def test_an_owner_s_day(
    open_page: OpenPage, product: Product, stripe: StrictStripe, width: int, tmp_path: Path
) -> None:
    page = open_page(width)
    sign_up(page, f"owner-{width}")
    make_a_picture(page)
    go_to_credit(page)
    turn_back(page)
    top_up(page)
    is_clear(page)
    session = max(stripe.sessions.values(), key=lambda each: str(each["payment_intent"]))
    told(product, session["id"])
    read_the_ledger(page, tmp_path)
    read_usage(page)
    be_refunded(page, product, stripe, session["payment_intent"])
    dispute_in_vain(page, product, stripe)
    assert stripe.refusals == []


def make_a_picture(page: Page) -> None:
    page.get_by_label("Prompt").first.fill("a quiet lake")
    page.get_by_label("Prompt").first.press("Enter")
    expect(page.get_by_role("img", name="a quiet lake").first).to_be_visible()
    expect(page.locator("#balance")).to_contain_text("$0.147")


def go_to_credit(page: Page) -> None:
    page.get_by_role("button", name="Workspace").click()
    page.get_by_role("link", name="Credit of").click()
    expect(page.get_by_role("heading", name="Credit of")).to_be_visible()
    expect(page.locator(".figures")).to_contain_text("49 images")
    is_clear(page)


def turn_back(page: Page) -> None:
    """Nothing is paid, and the page is there again."""
    page.get_by_label("$25").check()
    expect(page.get_by_label("Dollars")).to_be_hidden()
    page.get_by_role("button", name="Continue to payment").click()
    expect(page.get_by_role("heading", name="Easel credit")).to_be_visible()
    expect(page.locator("main")).to_contain_text("$25.00")
    page.get_by_role("link", name="Back").click()
    expect(page.locator(".figures")).to_contain_text("$0.147")
    expect(page.get_by_role("row").filter(has_text="Not paid yet")).to_contain_text("$25.00")


def top_up(page: Page) -> None:
    """At first too little, in words; then an amount of one's own."""
    page.get_by_label("Another amount").check()
    page.get_by_label("Dollars").fill("0.50")
    page.get_by_role("button", name="Continue to payment").click()
    expect(page.locator(".errorlist")).to_contain_text("from $1.00 to $500.00")
    page.get_by_label("Dollars").fill("12.50")
    page.get_by_role("button", name="Continue to payment").click()
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_role("heading", name="Receipt E-")).to_be_visible()
    expect(page.locator(".receipt")).to_contain_text("Visa ending in 4242")
    expect(page.locator(".receipt-sum")).to_contain_text("$12.50")
    expect(page.locator("#balance")).to_contain_text("$12.647")
    page.emulate_media(media="print")
    expect(page.locator(".receipt")).to_be_visible()
    expect(page.locator(".header")).to_be_hidden()
    page.emulate_media(media="screen")


def told(product: Product, session: str) -> None:
    """The webhook came too, and credited nothing more."""
    until(lambda: product.query("SELECT id FROM accounts_stripeevent"), "the webhook")
    paid = product.query(
        "SELECT count(*) FROM accounts_transfer t JOIN accounts_payment p"
        " ON replace(t.reference, '-', '') = 'payment:' || replace(p.id, '-', '')"
        f" WHERE p.session_id = '{session}'"
    )
    assert paid == [(1,)]


def read_the_ledger(page: Page, folder: Path) -> None:
    page.get_by_role("link", name="Back to credit").click()
    page.get_by_role("link", name="Ledger").click()
    expect(page.get_by_role("row").nth(1)).to_contain_text("+$12.50")
    expect(page.get_by_role("row").nth(2)).to_contain_text("-$0.003")
    expect(page.get_by_role("row").nth(3)).to_contain_text("+$0.15")
    is_clear(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    download.value.save_as(folder / "ledger.csv")
    rows = list(csv.DictReader((folder / "ledger.csv").read_text().splitlines()))
    assert [row["dollars"] for row in rows] == ["0.15", "-0.003", "12.5"]


def read_usage(page: Page) -> None:
    """By eye, and as a table."""
    account_page(page, "Usage")
    expect(page.locator(".chart rect")).to_have_count(1)
    page.get_by_text("As a table").click()
    last = page.get_by_role("table", name="By day").get_by_role("row").last
    expect(last).to_contain_text("$0.003")
    expect(page.get_by_role("table", name="By model").get_by_role("row")).to_have_count(2)
    is_clear(page)
    page.get_by_role("link", name="12 months").click()
    expect(page.get_by_role("heading", name="By month")).to_be_visible()


def be_refunded(page: Page, product: Product, stripe: StrictStripe, intent: str) -> None:
    """More than is left is owed, and said."""
    stripe.refund(intent, 1_250)
    back = "SELECT r.id FROM accounts_reversal r JOIN accounts_payment p ON p.id = r.payment_id"
    until(lambda: product.query(f"{back} WHERE p.intent_id = '{intent}'"), "the refund")
    account_page(page, "Credit")
    expect(page.locator("#balance")).to_contain_text("$0.147")
    page.get_by_role("row").filter(has_text="$12.50").get_by_role("link").click()
    expect(page.locator(".receipt")).to_contain_text("Refunded")
    expect(page.locator(".receipt-sum")).to_contain_text("$0.00")
    is_clear(page)


def dispute_in_vain(page: Page, product: Product, stripe: StrictStripe) -> None:
    """While the bank looks at it, the credit is gone; it comes back when the bank says no."""
    page.get_by_role("link", name="Back to credit").click()
    page.get_by_label("$5", exact=True).check()
    page.get_by_role("button", name="Continue to payment").click()
    page.get_by_role("button", name="Pay").click()
    expect(page.locator("#balance")).to_contain_text("$5.147")
    number = page.get_by_role("heading", name="Receipt E-").inner_text().removeprefix("Receipt ")
    session = max(stripe.sessions.values(), key=lambda each: str(each["payment_intent"]))
    dispute = stripe.dispute(session["payment_intent"], 500)["data"]["object"]["id"]
    taken = f"SELECT id FROM accounts_reversal WHERE object_id = '{dispute}' AND taken_micros"
    until(lambda: product.query(f"{taken} > 0"), "the dispute")
    page.reload()
    expect(page.locator("#balance")).to_contain_text("$0.147")
    expect(page.locator(".receipt")).to_contain_text("Disputed")
    expect(page.locator(".receipt-sum")).to_contain_text("$0.00")
    is_clear(page)
    assert f"{dispute}, needs_response, $5.00 taken back" in product.manage("payment", number)
    stripe.change_dispute(dispute, "won")
    until(lambda: product.query(f"{taken} = 0"), "the dispute's end")
    page.reload()
    expect(page.locator("#balance")).to_contain_text("$5.147")
    expect(page.locator(".receipt-sum")).to_contain_text("$5.00")


def account_page(page: Page, name: str) -> None:
    pages = page.get_by_role("navigation", name="Account pages")
    pages.get_by_role("link", name=name, exact=True).click()


def is_clear(page: Page) -> None:
    """Nothing is cut off, and axe finds nothing, light and dark."""
    fits(page)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        said = [(each["id"], [node["html"][:150] for node in each["nodes"][:3]]) for each in found]
        assert said == [], (page.url, scheme)
