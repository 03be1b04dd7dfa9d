"""Editing in a chain, comparing, and changing a region only, as a person does it."""

import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.sizes import every_width, fits
from tests.browser.test_main_job import balance_is, sign_up
from tests.product import Product

PATIENCE_MS = 40_000


@pytest.fixture(scope="session")
def snap(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small photo: edits of it are quick."""
    file = tmp_path_factory.mktemp("snap") / "snap.png"
    image = Image.radial_gradient("L").resize((640, 480))
    Image.merge("RGB", (image, image.rotate(180), image.point(lambda value: 255 - value))).save(
        file
    )
    return file


def shown(page: Page, title: str) -> Locator:
    return page.locator(f".bench-image[alt='{title}']")


def is_shown(page: Page, title: str) -> None:
    expect(shown(page, title)).to_be_visible(timeout=PATIENCE_MS)


def edit(page: Page, words: str) -> None:
    page.get_by_label("Prompt").first.fill(words)
    page.get_by_role("button", name="Edit").first.click()
    is_shown(page, words)


def bring(page: Page, photo: Path) -> None:
    page.locator("input[type=file]").first.set_input_files(photo)
    expect(page.locator(".bench-image")).to_be_visible()


def chain(page: Page) -> list[str]:
    return [each.strip() for each in page.locator(".chain-words").all_inner_texts()]


@every_width(360)
def test_edits_in_a_chain_that_branches(open_page: OpenPage, snap: Path, width: int) -> None:
    page = open_page(width)
    sign_up(page, f"chain-{width}")
    expect(page.locator(".bench")).to_have_count(0)
    bring(page, snap)
    edit(page, "sepia")
    edit(page, "make it darker")
    assert chain(page) == ["Photo", "sepia", "make it darker"]
    darker = page.url

    page.get_by_role("link", name="sepia", exact=True).first.click()
    is_shown(page, "sepia")
    edit(page, "add a caption “Hello”")
    assert chain(page) == ["Photo", "sepia", "add a caption “Hello”"]
    beside = page.get_by_role("list", name="Other branches").get_by_role("link")
    expect(beside).to_have_count(1)
    fits(page)

    page.go_back()
    is_shown(page, "sepia")
    page.go_back()
    is_shown(page, "make it darker")
    assert page.url == darker
    page.go_forward()
    is_shown(page, "sepia")
    page.go_forward()
    is_shown(page, "add a caption “Hello”")
    page.reload()
    is_shown(page, "add a caption “Hello”")
    beside.click()
    is_shown(page, "make it darker")
    assert page.url == darker

    page.get_by_role("link", name="Close").click()
    expect(page.locator(".bench")).to_have_count(0)
    expect(page.get_by_role("button", name="Create").first).to_be_visible()
    assert page.url.endswith("/")


@every_width(360)
def test_a_result_does_not_move_the_page(open_page: OpenPage, snap: Path, width: int) -> None:
    page = open_page(width)
    sign_up(page, f"still-{width}")
    bring(page, snap)
    page.evaluate(
        """window.moved = 0;
        new PerformanceObserver((list) => {
          const alone = list.getEntries().filter((each) => !each.hadRecentInput);
          for (const each of alone) window.moved += each.value;
        }).observe({ type: "layout-shift" });"""
    )
    before = page.locator(".bench-frame").bounding_box()
    edit(page, "sepia")
    assert page.locator(".bench-frame").bounding_box() == before
    assert page.evaluate("window.moved") < 0.01


@every_width(1440)
def test_compare_by_pointer_keys_and_holding(open_page: OpenPage, snap: Path, width: int) -> None:
    page = open_page(width)
    sign_up(page, f"compare-{width}")
    bring(page, snap)
    edit(page, "black and white")
    slider = page.locator("compare-slider")
    expect(slider).to_be_hidden()
    page.get_by_role("button", name="Compare").click()
    handle = page.get_by_role("slider", name="How much of the picture before")
    expect(handle).to_be_focused()
    expect(slider.locator(".compare-before")).to_have_js_property("complete", True)
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    expect(handle).to_have_value("60")
    box: Any = slider.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    assert 17 <= int(handle.input_value()) <= 23
    assert slider.evaluate("each => each.style.getPropertyValue('--at')").endswith("%")
    page.get_by_role("button", name="Compare").click()
    expect(slider).to_be_hidden()

    page.locator("main").focus()
    page.keyboard.down("b")
    expect(slider).to_be_visible()
    assert "is-flipped" in str(slider.get_attribute("class"))
    page.keyboard.up("b")
    expect(slider).to_be_hidden()
    flip = page.get_by_role("button", name="Before", exact=True)
    flip.focus()
    page.keyboard.down(" ")
    expect(slider).to_be_visible()
    page.keyboard.up(" ")
    expect(slider).to_be_hidden()
    page.get_by_label("Prompt").first.focus()
    page.keyboard.type("b")
    expect(slider).to_be_hidden()


def paint(page: Page, *ways: tuple[float, float]) -> None:
    """One stroke over the picture, through points given as shares of it."""
    box: Any = page.locator(".region-canvas").bounding_box()
    points = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in ways]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=6)
    page.mouse.up()


def pixels(page: Page, source: str) -> Any:
    """RGB of a served picture at the middle and at a corner."""
    return page.evaluate(
        """async (url) => {
          const bitmap = await createImageBitmap(await (await fetch(url)).blob());
          const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
          const context = canvas.getContext("2d");
          context.drawImage(bitmap, 0, 0);
          const { width, height } = bitmap;
          const at = (x, y) => [...context.getImageData(x * width, y * height, 1, 1).data];
          return { middle: at(0.5, 0.5), corner: at(0.1, 0.1), aside: at(0.9, 0.5) };
        }""",
        source,
    )


@every_width(1440)
def test_a_region_is_painted_undone_and_sent(open_page: OpenPage, snap: Path, width: int) -> None:
    page = open_page(width)
    sign_up(page, f"region-{width}")
    bring(page, snap)
    page.get_by_role("button", name="Region").click()
    part = page.locator("output[name=part]")
    expect(part).to_have_text("Nothing is chosen yet")
    page.get_by_label("Prompt").first.fill("black and white")
    page.get_by_role("button", name="Edit").first.click()
    expect(page.get_by_role("alert")).to_contain_text("Paint what is to change")

    paint(page, (0.4, 0.5), (0.6, 0.5))
    expect(part).to_have_text("3 % of the picture")
    page.get_by_role("button", name="Invert").click()
    expect(part).to_have_text("97 % of the picture")
    page.get_by_role("button", name="Undo").click()
    expect(part).to_have_text("3 % of the picture")
    page.get_by_role("button", name="Rectangle", exact=True).click()
    paint(page, (0.3, 0.3), (0.7, 0.7))
    expect(part).to_have_text("16 % of the picture")
    page.get_by_role("button", name="Eraser").click()
    paint(page, (0.3, 0.3), (0.7, 0.3))
    expect(part).not_to_have_text("16 % of the picture")
    page.keyboard.press("Control+z")
    expect(part).to_have_text("16 % of the picture")
    page.get_by_role("button", name="Larger").click()
    page.get_by_role("button", name="150 %").click()
    expect(page.get_by_role("button", name="100 %")).to_be_visible()
    expect(page.get_by_role("alert")).to_be_empty()

    page.get_by_role("button", name="Edit").first.click()
    is_shown(page, "black and white")
    expect(page.locator(".bench-note")).to_contain_text("would have changed outside the region")
    links = page.locator(".chain-link")
    before, after = (
        pixels(page, f"/images/{links.nth(number).get_attribute('data-step')}/original")
        for number in (0, 1)
    )
    assert after["corner"] == before["corner"]
    assert after["aside"] == before["aside"]
    red, green, blue, _ = after["middle"]
    assert max(red, green, blue) - min(red, green, blue) <= 6
    assert before["middle"] != after["middle"]


@every_width(768)
def test_a_region_by_keys_alone(open_page: OpenPage, snap: Path, width: int) -> None:
    page = open_page(width)
    sign_up(page, f"region-keys-{width}")
    bring(page, snap)
    page.get_by_role("button", name="Region").press("Enter")
    canvas = page.get_by_role("application", name="The region")
    expect(canvas).to_be_focused()
    part = page.locator("output[name=part]")
    page.keyboard.press("Space")
    expect(part).to_have_text("Under 1 % of the picture")
    page.keyboard.press("Control+z")
    expect(part).to_have_text("Nothing is chosen yet")
    page.keyboard.press("r")
    page.keyboard.press("Space")
    for _ in range(2):
        page.keyboard.press("Shift+ArrowRight")
        page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Enter")
    expect(part).to_have_text("3 % of the picture")
    page.keyboard.press("Control+z")
    page.get_by_text("A rectangle by numbers").press("Enter")
    for label, value in (("Left", "0"), ("Top", "0"), ("Width", "320"), ("Height", "240")):
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="Add", exact=True).press("Enter")
    expect(part).to_have_text("25 % of the picture")
    page.get_by_role("button", name="Take away").press("Enter")
    expect(part).to_have_text("Nothing is chosen yet")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    page.get_by_label("Prompt").first.fill("sepia")
    page.keyboard.press("Enter")
    is_shown(page, "sepia")
    expect(page.locator(".bench-note")).to_contain_text("outside the region")


def middle(page: Page) -> tuple[float, float]:
    box: Any = page.locator(".region-canvas").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@every_width(360)
def test_a_region_by_pen_and_two_fingers(open_page: OpenPage, snap: Path, width: int) -> None:
    page = open_page(width)
    sign_up(page, f"region-pen-{width}")
    bring(page, snap)
    page.get_by_role("button", name="Region").click()
    hands = page.context.new_cdp_session(page)
    part, zoom = page.locator("output[name=part]"), page.locator("[data-zoom]")
    x, y = middle(page)
    for type_, step in (("mousePressed", 0), ("mouseMoved", 30), ("mouseReleased", 60)):
        pen = {"pointerType": "pen", "force": 0.5, "button": "left", "buttons": 1}
        where = {"x": x - 30 + step, "y": y, "clickCount": 1}
        hands.send("Input.dispatchMouseEvent", {"type": type_, **pen, **where})
    expect(part).to_have_text(re.compile(r"\d % of the picture"))
    painted = part.inner_text()

    def touch(type_: str, *apart: float) -> None:
        points = [{"x": x + by, "y": y, "id": n} for n, by in enumerate(apart)]
        hands.send("Input.dispatchTouchEvent", {"type": type_, "touchPoints": points})

    touch("touchStart", -20)
    touch("touchMove", -24)
    touch("touchStart", -24, 20)
    for by in (30, 40, 50):
        touch("touchMove", -by, by)
    touch("touchEnd")
    expect(zoom).not_to_have_text("100 %")
    expect(part).to_have_text(painted)  # what the first finger had begun was no stroke
    page.get_by_role("button", name="Smaller").click()
    zoom.click()
    expect(zoom).to_have_text("100 %")
    touch("touchStart", -40)
    touch("touchMove", 0)
    touch("touchMove", 40)
    touch("touchEnd")
    expect(part).not_to_have_text(painted)
    edit(page, "sepia")
    expect(page.locator(".bench-note")).to_contain_text("outside the region")


@every_width(360)
def test_a_step_has_its_region_again(open_page: OpenPage, snap: Path, width: int) -> None:
    page = open_page(width)
    sign_up(page, f"region-again-{width}")
    bring(page, snap)
    edit(page, "sepia")
    page.get_by_role("button", name="Region").click()
    page.get_by_role("button", name="Rectangle", exact=True).click()
    paint(page, (0.25, 0.25), (0.75, 0.75))
    expect(page.locator("output[name=part]")).to_have_text("25 % of the picture")
    edit(page, "make it darker")
    expect(page.locator("region-tool")).to_have_count(0)
    page.get_by_role("button", name="Variations").click()
    expect(page.locator("output[name=part]")).to_have_text("25 % of the picture")
    expect(page.get_by_label("Prompt").first).to_have_value("make it darker")
    expect(page.get_by_role("button", name="Edit 4").first).to_be_focused()
    fits(page)
    page.keyboard.press("Enter")  # four with seeds of their own, waited for to the end
    expect(page.get_by_label("How many")).to_have_value("1")  # what is made next is one again
    made = page.locator("#jobs > [data-image]")
    expect(made).to_have_count(6, timeout=PATIENCE_MS)
    seeds = made.evaluate_all("all => all.slice(0, 4).map(each => each.dataset.seed)")
    assert len(set(seeds)) == 4
    is_shown(page, "make it darker")
    expect(page.get_by_role("list", name="Other branches").get_by_role("link")).to_have_count(4)
    expect(page.locator("#jobs").get_by_text("would have changed outside")).to_have_count(5)
    balance_is(page, "$0.132")


def test_a_large_photograph(open_page: OpenPage, product: Product, photo: Path) -> None:
    """Eight megapixels, lying on its side: no task of the page takes long while one paints."""
    page = open_page(1440)
    sign_up(page, "large")
    bring(page, photo)
    assert page.locator(".bench-image").evaluate("each => each.naturalHeight > each.naturalWidth")
    page.get_by_role("button", name="Region").click()
    expect(page.locator("region-tool")).to_be_visible()
    page.evaluate(
        """window.longest = 0;
        new PerformanceObserver((list) => {
          const longest = list.getEntries().map((each) => each.duration);
          window.longest = Math.max(window.longest, ...longest);
        }).observe({ type: "longtask" });"""
    )
    for row in range(4):
        paint(page, (0.2, 0.2 + row / 10), (0.8, 0.25 + row / 10), (0.2, 0.3 + row / 10))
    longest = page.evaluate("window.longest")
    print(f"longest task while painting: {longest} ms")
    assert longest < 250
    edit(page, "sepia")
    assert "agree" in product.manage("audit")


@every_width(1440)
def test_delete_undo_again_and_remix(open_page: OpenPage, snap: Path, width: int) -> None:
    page = open_page(width)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_up(page, f"verbs-{width}")
    bring(page, snap)
    page.get_by_text("Settings", exact=True).first.click()
    page.get_by_label("Seed", exact=True).fill("7")
    edit(page, "sepia")

    page.get_by_role("button", name="Copy settings").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "Prompt: sepia\nSeed: 7\nModel: step-image-edit-2" in copied

    if width < 600:  # folded when it was sent, so that the card is seen
        expect(page.get_by_label("Seed", exact=True)).to_be_hidden()
        page.get_by_text("Settings", exact=True).first.click()
    page.get_by_label("Seed", exact=True).fill("")
    page.get_by_label("Prompt").first.fill("something else")
    page.get_by_role("button", name="Use settings").click()
    expect(page.get_by_label("Seed", exact=True)).to_have_value("7")
    expect(page.get_by_label("Prompt").first).to_have_value("something else")
    page.get_by_role("button", name="Same seed").click()
    is_shown(page, "Photo")
    expect(page.get_by_label("Prompt").first).to_have_value("sepia")
    expect(page.get_by_label("Seed", exact=True)).to_have_value("7")
    expect(page.get_by_label("How many")).to_have_value("1")
    page.go_back()
    is_shown(page, "sepia")

    page.locator(".bench-bar").get_by_role("button", name="Delete").click()
    is_shown(page, "Photo")
    expect(page.locator("article")).to_contain_text("This picture is not here any more.")
    page.locator("#undo").get_by_role("button", name="Undo").click()
    is_shown(page, "sepia")
    expect(page.locator("article a img")).to_be_visible()
    card = page.locator("article")
    card.get_by_role("button", name="Delete").click()
    is_shown(page, "Photo")
    card.get_by_role("button", name="Undo").click()
    is_shown(page, "sepia")

    page.locator(".bench-picture").click()
    page.wait_for_url("**/images/**")
    page.get_by_role("link", name="Remix").click()
    is_shown(page, "Photo")
    expect(page.get_by_label("Prompt").first).to_have_value("sepia")
    expect(page.get_by_label("Seed", exact=True)).to_have_value("7")
