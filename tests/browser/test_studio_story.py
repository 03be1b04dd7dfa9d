"""The studio as a person uses it: words, photographs, two tabs, and no network."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import photographs
from tests.browser.conftest import OpenPage
from tests.browser.sizes import every_photograph, every_width, fits
from tests.browser.test_bench import paint, pixels
from tests.browser.test_main_job import balance_is, sign_up
from tests.product import Product

PATIENCE = 60_000


def prompt(page: Page) -> Locator:
    return page.get_by_label("Prompt", exact=True).first


def make(page: Page, words: str) -> Locator:
    """Writes, presses Enter, and waits for the picture."""
    prompt(page).fill(words)
    prompt(page).press("Enter")
    picture = page.get_by_role("img", name=words).first
    expect(picture).to_be_visible(timeout=PATIENCE)
    return picture


# Input


@every_photograph()
def test_a_photograph_is_edited(
    open_page: OpenPage, tmp_path: Path, width: int, megapixels: int
) -> None:
    page = open_page(width)
    sign_up(page, f"photographer-{width}-{megapixels}")
    file = tmp_path / "holiday.jpg"
    file.write_bytes(photographs.of_megapixels(megapixels))
    page.locator("input[type=file]").first.set_input_files(file)
    if megapixels > 16:  # of 4096 a side
        said = page.get_by_role("alert")
        expect(said).to_contain_text("at most 4096 × 4096 are taken", timeout=PATIENCE)
        prompt(page).fill("make it black and white")
        prompt(page).press("Enter")  # it is said again, and nothing is sent
        expect(said).to_contain_text("at most 4096")
        said.get_by_role("button", name="Scale it down").click()
        expect(said).to_be_empty(timeout=PATIENCE)
    thumb = page.get_by_role("img", name="The photo to edit")
    expect(thumb).to_have_js_property("complete", True)
    expect(thumb).to_have_attribute("src", re.compile("^blob:"), timeout=PATIENCE)
    expect(page.locator("#create")).to_have_text("Edit · $0.003")
    picture = make(page, "make it black and white")
    expect(picture).not_to_have_js_property("naturalWidth", 0)
    sides = picture.evaluate("each => [each.naturalWidth, each.naturalHeight]")
    assert sides[0] > sides[1]
    balance_is(page, "$0.147")
    go_on_in_a_region(page)
    balance_is(page, "$0.144")
    fits(page)


def go_on_in_a_region(page: Page) -> None:
    """Of the edited photograph; no task of the page takes long while one paints."""
    shown = page.locator(".bench-image[alt='make it black and white']")
    expect(shown).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Region").click()
    expect(page.locator("region-tool")).to_be_visible()
    page.evaluate(
        """() => {
            globalThis.longest = 0;
            new PerformanceObserver((list) => {
                for (const { duration } of list.getEntries()) longest = Math.max(longest, duration);
            }).observe({ type: "longtask" });
        }"""
    )
    paint(page, (0.3, 0.4), (0.7, 0.5), (0.3, 0.6))
    longest = page.evaluate("longest")
    print(f"longest task while painting: {longest} ms")
    assert longest < 2_000  # of a busy machine; alone it is measured by test_a_large_photograph
    prompt(page).fill("make it a sunset")
    prompt(page).press("Enter")
    expect(page.locator(".bench-image[alt='make it a sunset']")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".bench-note")).to_contain_text("would have changed outside the region")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator(".compare-before")).to_have_js_property("complete", True)
    before, after = (
        pixels(page, f"/images/{step.get_attribute('data-step')}/original")
        for step in page.locator(".chain-link").all()[1:]
    )
    assert (after["corner"], after["aside"]) == (before["corner"], before["aside"])
    assert after["middle"] != before["middle"]


@every_width(360)
def test_a_photo_on_its_side_stands_upright_before_it_is_sent(
    open_page: OpenPage, photo: Path, width: int
) -> None:
    page = open_page(width)
    sign_up(page, f"upright-{width}")
    page.locator("input[type=file]").first.set_input_files(photo)
    thumb = page.get_by_role("img", name="The photo to edit")
    expect(thumb).to_have_attribute("src", re.compile("^blob:"), timeout=PATIENCE)
    page.wait_for_function("() => document.querySelector('#photo-image').naturalWidth")
    assert thumb.evaluate("each => each.naturalHeight > each.naturalWidth")


@every_width(360)
def test_heic_is_explained(open_page: OpenPage, width: int) -> None:
    page = open_page(width)
    sign_up(page, f"heic-{width}")
    heic = b"\0\0\0\x18ftypheic\0\0\0\0"
    for name, kind in (("IMG_1.HEIC", "image/heic"), ("IMG_2.jpg", "image/jpeg")):
        page.locator("input[type=file]").first.set_input_files(
            {"name": name, "mimeType": kind, "buffer": heic}
        )
        expect(page.get_by_role("alert")).to_contain_text("Most Compatible")


@every_width(1440)
def test_a_photo_is_dropped_or_pasted_anywhere(
    open_page: OpenPage, photo: Path, width: int
) -> None:
    page = open_page(width)
    sign_up(page, f"dropper-{width}")
    page.evaluate(
        """async () => {
            const canvas = new OffscreenCanvas(64, 48);
            canvas.getContext("2d").fillRect(0, 0, 64, 48);
            const file = new File([await canvas.convertToBlob()], "x.png", { type: "image/png" });
            globalThis.bag = new DataTransfer();
            bag.items.add(file);
            const footer = document.querySelector("footer");
            const options = { bubbles: true, cancelable: true, dataTransfer: bag };
            const isMarked = () => document.documentElement.className.includes("is-dropping");
            footer.dispatchEvent(new DragEvent("dragenter", options));
            if (!isMarked()) throw new Error("the page does not show that it takes it");
            footer.dispatchEvent(new DragEvent("drop", options));
            if (isMarked()) throw new Error("the page still waits for it");
        }"""
    )
    expect(page.locator("#create")).to_contain_text("Edit")
    page.get_by_role("button", name="Remove the photo").click()
    expect(page.locator("#create")).to_contain_text("Create")
    page.evaluate(
        "document.dispatchEvent(new ClipboardEvent('paste', { bubbles: true, clipboardData: bag }))"
    )
    expect(page.locator("#create")).to_contain_text("Edit")
    expect(prompt(page)).to_be_focused()


# Words


@every_width(768)
def test_prompts_come_back(open_page: OpenPage, width: int) -> None:
    page = open_page(width)
    sign_up(page, f"writer-{width}")
    for words in ("the sea at night", "a forest in snow"):
        make(page, words)
    box = prompt(page)
    box.fill("")
    for key, words in (
        ("ArrowUp", "a forest in snow"),
        ("ArrowUp", "the sea at night"),
        ("ArrowUp", "the sea at night"),
        ("ArrowDown", "a forest in snow"),
        ("ArrowDown", ""),
    ):
        box.press(key)
        expect(box).to_have_value(words)
    box.fill("mine")
    box.press("ArrowUp")
    expect(box).to_have_value("mine")
    page.get_by_role("link", name="Prompts").click()
    panel = page.get_by_role("dialog", name="Prompts")
    panel.get_by_role("button", name="Star: the sea at night").click()
    expect(panel.get_by_role("heading", name="Starred")).to_be_visible()
    expect(panel.get_by_role("button", name="Star: the sea at night")).to_be_focused()
    panel.get_by_role("button", name="Forget all that have no star").click()
    expect(panel.locator(".prompts-words")).to_have_count(1)
    panel.get_by_role("link", name="the sea at night").click()
    expect(panel).to_be_hidden()
    expect(box).to_have_value("the sea at night")
    expect(box).to_be_focused()


@every_width(360)
def test_a_starter_fills_words_photo_and_size(open_page: OpenPage, width: int) -> None:
    page = open_page(width)
    sign_up(page, f"starter-{width}")
    page.get_by_role("link", name="Landscape").click()
    expect(prompt(page)).to_have_value(re.compile("mountain lake"))
    expect(page.locator("input[name=size]:checked:enabled")).to_have_value("1360x768")
    page.get_by_role("link", name="Speech bubble").click()
    expect(page.locator("#create")).to_contain_text("Edit")
    expect(page.get_by_role("img", name="The photo to edit")).to_be_visible()
    prompt(page).press("Enter")
    expect(page.locator("main article a img")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".first-run")).to_be_hidden()


@every_width(1440)
def test_what_goes_out_is_said_before(open_page: OpenPage, width: int) -> None:
    page = open_page(width)
    sign_up(page, f"careful-{width}")
    prompt(page).fill("a lake")
    page.get_by_label("How many").fill("4")
    page.locator("#as-sent summary").click()
    quote = page.locator("#quote")
    expect(quote).to_contain_text("in 4 calls of one picture each")
    expect(quote).to_contain_text("$0.012")
    page.locator("#settings summary").click()
    page.get_by_label("Seed", exact=True).fill("41")
    expect(quote).to_contain_text("41 to 44")
    lock = page.locator("seed-lock button")
    for is_locked in (True, False, True):  # let go, and one of its own again
        expect(lock).to_have_attribute("aria-pressed", str(is_locked).lower())
        expect(page.get_by_label("Seed", exact=True)).to_have_value(
            re.compile(r"^\d+$") if is_locked else ""
        )
        lock.click()
    page.get_by_label("Seed", exact=True).fill("41")
    expect(page.get_by_label("Negative prompt")).to_be_disabled()
    expect(page.get_by_text("It has no effect while guidance is 1.0.")).to_be_visible()
    page.get_by_label("Guidance").fill("4")
    page.get_by_label("Negative prompt").fill("fog")
    expect(quote).to_contain_text("fog")
    expect(page.locator("#create")).to_have_text("Create 4 · $0.012")
    page.reload()
    expect(page.get_by_label("Seed", exact=True)).to_have_value("41")  # remembered, and open
    balance_is(page, "$0.15")


# Jobs


@every_width(360)
def test_a_card_is_there_at_once_in_its_shape(open_page: OpenPage, width: int) -> None:
    page = open_page(width)
    sign_up(page, f"watcher-{width}")
    page.evaluate(
        """() => {
            const at = { click: 0, card: 0 };
            globalThis.at = at;
            const button = document.querySelector("#create");
            button.addEventListener("click", () => { at.click = performance.now(); });
            const first = ([{ addedNodes: [card] }]) => {
                at.card ||= performance.now();
                const { offsetWidth, offsetHeight } = card?.querySelector(".job-picture") ?? {};
                at.ratio ||= offsetWidth / offsetHeight;
            };
            const room = document.querySelector("#jobs");
            new MutationObserver(first).observe(room, { childList: true });
        }"""
    )
    page.get_by_role("link", name="Landscape").click()
    the_button_is_in_its_box(page)
    page.locator("#settings summary").click()
    page.locator("#create").click()
    card = page.locator("#jobs > article").first
    expect(card).to_be_visible()
    expect(page.get_by_label("Model")).to_be_visible(visible=width > 600)  # it would hide the card
    assert page.evaluate("at.card - at.click") < 1_000  # measured by tests.bench.studio
    assert page.evaluate("at.ratio") == pytest.approx(1360 / 768, rel=0.02)
    expect(page.locator("main article a img").first).to_be_visible(timeout=PATIENCE)
    expect(page.locator("#news")).to_contain_text("Done: A mountain lake", timeout=PATIENCE)
    expect(page.locator("#jobs > article")).to_have_count(1)


def the_button_is_in_its_box(page: Page) -> None:
    """With its longest words, on the smallest screen, too; and what is beside it can be hit."""
    size, count = page.viewport_size, page.get_by_label("How many")
    assert size
    for width in (320, size["width"]):
        page.set_viewport_size({**size, "width": width})
        for many in ("10", "1"):
            count.fill(many)
            room = "each => [each, each.closest('.composer-box')]"
            right = f"{room}.map(its => its.getBoundingClientRect().right)"
            button, box = page.locator("#create").evaluate(right)
            assert button < box, f"{many} at {width} px"
            for each in page.locator(".composer-bar > .button:visible").all():
                assert each.evaluate("each => each.offsetWidth") >= 28


@every_width(1440)
def test_two_tabs_show_the_same(open_page: OpenPage, width: int) -> None:
    page = open_page(width)
    sign_up(page, f"twotabs-{width}")
    other = page.context.new_page()
    other.goto("/")
    page.bring_to_front()
    make(page, "the sea by day")
    other.bring_to_front()
    other.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(other.get_by_role("img", name="the sea by day").first).to_be_visible(timeout=PATIENCE)
    balance_is(other, "$0.147")
    expect(other.locator("#jobs > article")).to_have_count(1)


@every_width(360)
@pytest.mark.complains("ERR_INTERNET_DISCONNECTED", "htmx:")
def test_without_the_network_nothing_is_lost(
    open_page: OpenPage, product: Product, width: int
) -> None:
    page = open_page(width)
    sign_up(page, f"offline-{width}")
    page.context.set_offline(True)
    prompt(page).fill("a quiet lake")
    prompt(page).press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("You are offline. Nothing was sent.")
    expect(page.locator("#jobs > *")).to_have_count(0)
    page.locator("#as-sent summary").click()
    expect(page.locator("#quote")).to_have_text("This cannot be said just now.")
    page.context.set_offline(False)
    expect(page.get_by_role("alert")).to_be_empty()
    expect(page.locator("#quote")).to_contain_text("$0.003")
    prompt(page).press("Enter")
    expect(page.locator("#jobs > article")).to_have_count(1)
    page.context.set_offline(True)  # ten seconds of it, in the middle
    page.clock.install()
    page.clock.run_for(10_000)
    page.context.set_offline(False)
    page.clock.resume()
    expect(page.locator("main article a img")).to_be_visible(timeout=PATIENCE)
    balance_is(page, "$0.147")
