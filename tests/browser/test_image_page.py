"""An image's page and what leaves it: looked at closely, taken home, shared, verified."""

import io
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.sizes import fits
from tests.browser.test_main_job import sign_up

PROMPT = "a quiet lake with mountains"
STEP = "make it a pencil sketch"


def make(page: Page, prompt: str, verb: str = "Create") -> None:
    page.get_by_label("Prompt").first.fill(prompt)
    page.get_by_role("button", name=verb).first.click()
    expect(page.get_by_role("img", name=prompt).first).to_be_visible()


def look_closely(page: Page, width: int) -> None:
    """By double click and keys; then the tree, and the picture beside."""
    level = page.locator("zoom-stage output")
    page.locator("zoom-stage img").dblclick(position={"x": 60, "y": 60})
    expect(level).to_have_text("100 %")
    page.keyboard.press("0")
    expect(level).to_have_text("Fit")
    page.keyboard.press("f")
    box = page.locator("zoom-stage").bounding_box()
    assert box
    assert (box["x"], box["y"], round(box["width"])) == (0, 0, width)
    page.keyboard.press("Escape")
    expect(page.get_by_role("listitem").filter(has_text=PROMPT)).to_be_visible()
    address = page.url
    page.keyboard.press("ArrowRight")
    page.wait_for_url(lambda url: url != address)
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(address)


def take_home(page: Page, folder: Path) -> Path:
    with page.expect_download() as saved:
        page.get_by_role("link", name="Download").click()
    file = folder / saved.value.suggested_filename
    saved.value.save_as(file)
    return file


def share(page: Page) -> str:
    page.get_by_role("link", name="Share").click()
    page.get_by_label("Compare edits").check()
    page.get_by_role("button", name="Make the link").click()
    return page.get_by_label("Address").input_value()


def compare(guest: Page) -> None:
    slider = guest.get_by_role("slider")
    slider.focus()
    guest.keyboard.press("ArrowRight")
    expect(slider).to_have_value("51")
    expect(guest.get_by_text(STEP).first).to_be_visible()


def verify(guest: Page, file: Path) -> None:
    guest.goto("/verify/")
    guest.get_by_label("Picture").set_input_files(file)
    expect(guest.get_by_text("Drawn by a program; not AI, it says")).to_be_visible()
    expect(guest.get_by_text("Nobody signed it")).to_be_visible()
    expect(guest.get_by_text(STEP).first).to_be_visible()


@pytest.mark.complains("404")
@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (360, "dark")])
def test_look_closely_take_home_share_and_verify(
    open_page: OpenPage, tmp_path: Path, width: int, scheme: str
) -> None:
    page, guest = open_page(width, scheme), open_page(width, scheme)
    sign_up(page, f"image-{width}")
    make(page, PROMPT)
    page.goto("/gallery/")
    page.locator("main a:has(img)").first.click()
    page.get_by_role("link", name="Edit this").click()
    make(page, STEP, "Edit")
    page.goto("/gallery/")
    page.locator("main a:has(img)").first.click()
    page.wait_for_url("**/images/**")
    look_closely(page, width)
    fits(page)

    file = take_home(page, tmp_path)
    assert file.name.startswith("make-it-a-pencil-sketch-")
    assert Image.open(io.BytesIO(file.read_bytes())).info["parameters"].startswith(STEP)

    shared = share(page)
    fits(page)
    guest.goto(shared)
    compare(guest)
    fits(guest)
    verify(guest, file)
    fits(guest)

    page.get_by_role("link", name="Revoke").click()
    page.get_by_role("button", name="Revoke it").click()
    expect(page.get_by_role("row").filter(has_text="Revoked")).to_be_visible()
    fits(page)
    guest.goto(shared)
    expect(guest.get_by_text("This link leads nowhere")).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), [(1440, "dark"), (360, "light")])
def test_keep_collect_note_and_follow_the_filters(
    open_page: OpenPage, width: int, scheme: str
) -> None:
    page = open_page(width, scheme)
    sign_up(page, f"keeping-{width}")
    for prompt in ("a red lake", "a harbour", "a blue lake"):
        make(page, prompt)
    page.goto("/gallery/?q=lake")
    page.locator("main a:has(img)").first.click()
    page.wait_for_url("**/images/**")
    page.get_by_role("button", name="Favourite").click()
    expect(page.get_by_role("button", name="Favourite", pressed=True)).to_be_visible()
    page.locator("summary", has_text="Collect").click()
    page.get_by_label("New collection").fill("Lakes")
    fits(page)
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("link", name="Lakes")).to_be_visible()
    page.get_by_role("textbox", name="Note").fill("for the brochure")
    page.get_by_role("button", name="Keep the note").click()
    expect(page.get_by_role("textbox", name="Note")).to_have_value("for the brochure")
    fits(page)

    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("img", name="a red lake").first).to_be_visible()
    expect(page.get_by_role("link", name="Next")).to_have_count(0)
    page.get_by_role("button", name="Delete").click()
    page.wait_for_url("**/gallery/?q=lake")
    expect(page.locator("main a:has(img)")).to_have_count(1)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("main a:has(img)")).to_have_count(2)
    page.goto("/gallery/?q=brochure")
    expect(page.locator("main a:has(img)")).to_have_count(1)
