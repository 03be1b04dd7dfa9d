"""The whole story of the studio with the keyboard alone, and without single keys."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.sizes import every_width
from tests.browser.test_main_job import sign_up
from tests.browser.test_studio_story import PATIENCE, prompt


def tab_to(page: Page, control: Locator) -> None:
    """With the Tab key alone."""
    expect(control).to_be_visible()
    for _ in range(80):
        page.keyboard.press("Tab")
        if control.evaluate("each => each === document.activeElement"):
            return
    raise AssertionError(f"{control} cannot be reached")


@every_width(1440)
def test_the_whole_story_with_the_keyboard(open_page: OpenPage, width: int) -> None:
    page = open_page(width)
    sign_up(page, f"keys-{width}")
    keys = page.keyboard
    expect(prompt(page)).to_be_focused()
    keys.type("a quiet lake, autumn")
    keys.press("Enter")
    expect(page.get_by_role("img", name="a quiet lake, autumn").first).to_be_visible(
        timeout=PATIENCE
    )
    keys.press("Escape")
    keys.press("?")
    shown = page.get_by_role("dialog", name="Keyboard")
    expect(shown).to_be_visible()
    keys.press("Escape")
    expect(shown).to_be_hidden()
    keys.press("s")
    expect(page.get_by_label("Model")).to_be_visible()
    keys.press("s")
    keys.press("j")
    expect(page.locator("article a.job-picture")).to_be_focused()
    keys.press("e")
    expect(page.locator("#create")).to_contain_text("Edit")
    expect(prompt(page)).to_be_focused()
    keys.press("Control+A")
    keys.type("make it black and white")
    keys.press("Enter")
    expect(page.get_by_role("img", name="make it black and white").first).to_be_visible(
        timeout=PATIENCE
    )
    compare_delete_and_undo(page)
    change_a_region(page)
    keys.press("Escape")
    keys.press("h")
    panel = page.get_by_role("dialog", name="Prompts")
    expect(panel.locator(".prompts-words").first).to_have_text("make it a sunset")
    panel.locator(".prompts-words").nth(2).focus()
    keys.press("Enter")
    expect(prompt(page)).to_have_value("a quiet lake, autumn")
    page.goto("/")
    page.locator("body").press("Escape")
    prompt(page).blur()
    keys.press("g")
    page.wait_for_url("**/gallery/")
    keys.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    edit_two_together(page)


def change_a_region(page: Page) -> None:
    """A dab with the brush, and a rectangle between two presses."""
    keys = page.keyboard
    keys.press("Escape")
    keys.press("m")
    expect(page.get_by_role("application", name="The region")).to_be_focused()
    keys.press("Space")
    for key in ("r", "Enter", "Shift+ArrowRight", "Shift+ArrowDown", "Enter"):
        keys.press(key)
    expect(page.locator("output[name=part]")).to_have_text(re.compile(r"\d % of the picture"))
    keys.press("/")
    keys.press("Control+A")
    keys.type("make it a sunset")
    keys.press("Enter")
    expect(page.locator(".bench-image")).to_have_attribute("alt", "make it a sunset")
    expect(page.locator(".bench-note")).to_contain_text("outside the region")


def edit_two_together(page: Page) -> None:
    """From the gallery, by X, arrows and Tab."""
    keys = page.keyboard
    tab_to(page, page.locator("#pictures .tile-link").first)
    keys.press("x")
    keys.press("ArrowRight")
    keys.press("x")
    expect(page.locator(".selection-count")).to_have_text("2 selected")
    tab_to(page, page.get_by_role("button", name="Edit these"))
    keys.press("Enter")
    page.wait_for_url("**/batch/")
    expect(page.get_by_label("Prompt")).to_be_focused()
    keys.type("sepia")
    tab_to(page, page.locator("#create"))
    keys.press("Enter")
    page.wait_for_url("**/batch/*-*/")
    expect(page.locator("batch-progress")).to_contain_text("2 of 2 done", timeout=PATIENCE)


def compare_delete_and_undo(page: Page) -> None:
    """The newest edit, on the bench; in the end it is there again."""
    keys = page.keyboard
    shown = page.locator(".bench-image")
    expect(shown).to_have_attribute("alt", "make it black and white")
    keys.press("Escape")
    keys.press("c")
    slider = page.get_by_role("slider", name="How much of the picture before")
    expect(slider).to_be_focused()
    keys.press("ArrowRight")
    expect(slider).to_have_value("51")
    keys.press("c")
    expect(slider).to_be_hidden()
    keys.down("b")
    expect(page.locator("compare-slider")).to_be_visible()
    keys.up("b")
    expect(page.locator("compare-slider")).to_be_hidden()
    tab_to(page, page.locator(".bench-bar").get_by_role("button", name="Delete"))
    keys.press("Enter")
    expect(shown).to_have_attribute("alt", "a quiet lake, autumn")
    expect(page.locator("#jobs > article").first).to_contain_text("is not here any more")
    tab_to(page, page.locator("#undo").get_by_role("button", name="Undo"))
    keys.press("Enter")
    expect(shown).to_have_attribute("alt", "make it black and white")
    expect(page.locator("#jobs > article a img")).to_have_count(2)


@every_width(1440)
def test_single_keys_can_be_switched_off(open_page: OpenPage, width: int) -> None:
    page = open_page(width)
    sign_up(page, f"nokeys-{width}")
    keyboard = page.get_by_role("button", name="Keyboard")
    if keyboard.is_visible():  # a phone has no keys, or else "?"
        keyboard.click()
    else:
        prompt(page).blur()
        page.keyboard.press("?")
    page.get_by_label("Single keys work").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    prompt(page).blur()
    page.keyboard.press("s")
    expect(page.get_by_label("Model")).to_be_hidden()
