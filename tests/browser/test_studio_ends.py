"""How orders end that do not end well, and many at once, against a service that has faults."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import photographs
from tests.browser.conftest import OpenPage
from tests.browser.line import Line
from tests.browser.sizes import every_width, fits
from tests.browser.test_bench import paint, pixels
from tests.browser.test_main_job import balance_is, sign_up
from tests.engines.strict_stepfun import StrictStepfun
from tests.product import Product

PATIENCE = 60_000


@pytest.fixture(scope="module")
def strict() -> Iterator[StrictStepfun]:
    with StrictStepfun(delay_seconds=0.2) as running:
        yield running


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory, strict: StrictStepfun) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("ends")
    service = {"STEP_API_KEY": strict.key, "STEP_API_BASE": strict.base_url}
    with Product(folder, ENGINE="stepfun", **service) as running:
        yield running


def prompt(page: Page) -> Locator:
    return page.get_by_label("Prompt", exact=True).first


def cards(page: Page) -> Locator:
    return page.locator("#jobs > article")


def order(page: Page, words: str) -> Locator:
    """The card of it, once it is the server's."""
    before = cards(page).count()
    prompt(page).fill(words)
    prompt(page).press("Enter")
    expect(page.locator("#jobs > [data-job]")).to_have_count(before + 1)
    return cards(page).first


@every_width(360)
def test_each_end_says_what_to_do(open_page: OpenPage, strict: StrictStepfun, width: int) -> None:
    page = open_page(width)
    sign_up(page, f"ends-{width}")
    for fault, sentence, next_step, can_try in (
        ("451", "Moderation did not let this pass.", "Say it in other words.", False),
        ("400", "refused this request", "Change what it names, and send it again.", False),
        ("402", "The studio is out of service", "Try again later, or choose another", True),
    ):
        strict.faults.append(fault)
        card = order(page, f"a lake, {fault}")
        expect(card).to_contain_text(sentence, timeout=PATIENCE)
        expect(card).to_contain_text(f"Not charged. {next_step}")
        expect(card.get_by_role("button", name="Try again")).to_have_count(int(can_try))
        expect(page.locator("#news")).to_contain_text(sentence)
    balance_is(page, "$0.15")

    page.reload()
    failed = cards(page).first
    failed.get_by_role("button", name="Change it").click()
    expect(prompt(page)).to_have_value("a lake, 402")
    expect(prompt(page)).to_be_focused()
    failed.get_by_role("button", name="Try again").dblclick()  # one order, and one charge
    expect(page.get_by_role("img", name="a lake, 402")).to_be_visible(timeout=PATIENCE)
    balance_is(page, "$0.147")
    expect(cards(page)).to_have_count(4)
    fits(page)


# On a phone what is said covers the picture: test_bench paints there
@pytest.mark.parametrize("width", [pytest.param(768, marks=pytest.mark.long), 1440])
def test_a_region_is_said_before_and_tried_again(
    open_page: OpenPage, strict: StrictStepfun, tmp_path: Path, width: int
) -> None:
    page = open_page(width)
    sign_up(page, f"region-fails-{width}")
    file = tmp_path / "holiday.jpg"
    file.write_bytes(photographs.of_megapixels(8))
    page.locator("input[type=file]").first.set_input_files(file)
    prompt(page).fill("make it a sunset")
    quote = page.locator("#quote")
    page.locator("#as-sent summary").click()
    expect(quote).to_contain_text("hidden data are taken out first")
    expect(quote).not_to_contain_text("Region")
    page.get_by_role("button", name="Region").click()
    expect(quote).to_contain_text("Nothing is chosen yet: paint what is to change first")
    paint(page, (0.4, 0.5), (0.6, 0.5))
    page.get_by_label("Feather").fill("24")
    expect(quote).to_contain_text("only what you painted is taken, with a seam of 24 pixels")
    part = page.locator("output[name=part]")
    painted = part.inner_text()
    strict.faults.append("402")
    card = order(page, "make it a sunset")
    expect(card).to_contain_text("out of service", timeout=PATIENCE)
    page.reload()
    expect(page.locator("region-tool")).to_have_count(0)
    card.get_by_role("button", name="Change it").click()
    expect(part).to_have_text(painted)
    expect(page.get_by_label("Feather")).to_have_value("24")
    expect(prompt(page)).to_have_value("make it a sunset")
    card.get_by_role("button", name="Try again").click()
    expect(page.locator(".bench-note")).to_contain_text(
        "would have changed outside the region", timeout=PATIENCE
    )
    links = page.locator(".chain-link")
    before, after = (
        pixels(page, f"/images/{links.nth(number).get_attribute('data-step')}/original")
        for number in (0, 1)
    )
    assert (after["corner"], after["aside"]) == (before["corner"], before["aside"])
    assert after["middle"] != before["middle"]
    balance_is(page, "$0.147")


def choose(page: Page, count: int) -> None:
    """The newest in the gallery, to be edited together."""
    page.goto("/gallery/")
    page.get_by_role("button", name="Select", exact=True).click()
    for number in range(count):
        page.locator("#pictures .tile-link").nth(number).click()
    expect(page.locator(".selection-count")).to_have_text(f"{count} selected")
    page.get_by_role("button", name="Edit these").click()
    page.wait_for_url("**/batch/")
    page.evaluate("customElements.whenDefined('batch-progress').then(() => true)")


@every_width(768)
def test_many_are_edited_at_once_and_stopped(
    open_page: OpenPage, strict: StrictStepfun, product: Product, width: int
) -> None:
    page = open_page(width)
    sign_up(page, f"many-{width}")
    page.get_by_label("How many").fill("4")
    prompt(page).fill("a lake")
    prompt(page).press("Enter")
    expect(page.locator("main article a img")).to_have_count(4, timeout=PATIENCE)
    choose(page, 4)
    expect(page.locator("#create")).to_have_text("Edit 4 · $0.012")
    page.get_by_role("checkbox", name="a lake").first.uncheck()
    expect(page.locator("#create")).to_have_text("Edit 3 · $0.009")
    prompt(page).fill("make it black and white")
    strict.faults.append("451")
    page.locator("#create").dblclick()
    page.wait_for_url("**/batch/*-*/")
    progress = page.locator("batch-progress")
    expect(progress).to_contain_text("3 of 3 done", timeout=PATIENCE)
    expect(page.locator("main article a img")).to_have_count(2)
    expect(page.locator("main article")).to_have_count(3)
    expect(page.get_by_text("Moderation did not let this pass.")).to_be_visible()
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    balance_is(page, "$0.132")  # four made, two edited

    product.stop("worker")  # so that there is something to stop
    choose(page, 2)
    prompt(page).fill("make it a sunset")
    page.locator("#create").click()
    page.wait_for_url("**/batch/*-*/")
    expect(progress).to_contain_text("0 of 2 done")
    balance_is(page, "$0.126")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Cancelled.")).to_have_count(2)
    balance_is(page, "$0.132")
    product.start("worker")
    assert "agree" in product.manage("audit")


@every_width(768)
def test_leaving_in_the_middle_of_an_upload(
    browser: Browser, product: Product, tmp_path: Path, width: int
) -> None:
    file = tmp_path / "holiday.jpg"
    file.write_bytes(photographs.of_megapixels(8))
    with closing(Line(product.port)) as line:
        page = browser.new_context(
            base_url=line.url, viewport={"width": width, "height": 900}
        ).new_page()
        sign_up(page, f"leaves-{width}")
        chooser = page.locator("input[type=file]").first
        chooser.set_input_files(file)
        prompt(page).fill("make it black and white")
        prompt(page).press("Enter")
        expect(page.locator("#upload")).to_be_visible(timeout=PATIENCE)
        expect(cards(page)).to_contain_text("Sending the photo, ")
        page.goto("/gallery/")
        line.cut()
        expect(page.locator("main a img")).to_have_count(0)
        page.go_back()
        expect(page.get_by_role("alert")).to_contain_text("Choose it again")
        expect(cards(page)).to_have_count(0)
        balance_is(page, "$0.15")
        chooser.set_input_files(file)
        expect(prompt(page)).to_have_value("make it black and white")
        prompt(page).press("Enter")
        picture = page.get_by_role("img", name="make it black and white").first
        expect(picture).to_be_visible(timeout=PATIENCE)
        balance_is(page, "$0.147")
        expect(cards(page)).to_have_count(1)
        page.context.close()


@every_width(360)
@pytest.mark.complains("oobErrorNoTarget")  # of an answer that comes while the page is left
def test_what_waits_is_cancelled_or_comes_without_moving(
    open_page: OpenPage, product: Product, tmp_path: Path, width: int
) -> None:
    page = open_page(width)
    page.emulate_media(reduced_motion="reduce")
    sign_up(page, f"waits-{width}")
    product.stop("worker")
    page.get_by_label("How many").fill("2")
    prompt(page).fill("a lake")
    prompt(page).press("Enter")
    expect(page.get_by_text("in the queue")).to_have_count(2)
    cards(page).first.get_by_role("button", name="Cancel").click()
    expect(cards(page).first).to_contain_text("Cancelled.")
    expect(cards(page).first).to_contain_text("Not charged.")
    page.goto("/gallery/")
    page.goto("/")
    expect(page.get_by_text("in the queue")).to_have_count(1)
    product.start("worker")
    picture = page.locator(".is-fresh").get_by_role("img", name="a lake")
    expect(picture).to_be_visible(timeout=PATIENCE)
    assert picture.evaluate("each => getComputedStyle(each).transitionDuration") == "0s"
    balance_is(page, "$0.147")

    page.evaluate(
        """href => {
            const bag = new DataTransfer();
            bag.setData("text/uri-list", href);
            const options = { bubbles: true, cancelable: true, dataTransfer: bag };
            document.querySelector("footer").dispatchEvent(new DragEvent("drop", options));
        }""",
        page.url.rstrip("/") + str(page.locator("a.job-picture").get_attribute("href")),
    )
    expect(page.locator("#create")).to_contain_text("Edit")
    expect(page.locator(".bench-image")).to_have_attribute("alt", "a lake")
    camera, file = page.locator("#camera"), tmp_path / "taken.jpg"
    assert camera.get_attribute("capture") == "environment"
    file.write_bytes(photographs.of_megapixels(8))
    camera.set_input_files(file)
    expect(page.locator("#photo-name")).to_have_text("taken.jpg")
    expect(page.locator("[name=source]")).to_have_value("")
