"""What the studio weighs, that nothing on it jumps, and that everybody can use what opens there.

Pages as they are at first: test_every_page.
"""

import gzip
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Response, expect

from tests.browser.conftest import OpenPage
from tests.browser.sizes import fits
from tests.browser.test_main_job import sign_up

MOST = {"script": 60 * 1024, "stylesheet": 30 * 1024}
SHIFTS = """
    globalThis.shifts = [];
    new PerformanceObserver((list) => {
        for (const each of list.getEntries()) {
            if (each.hadRecentInput || each.value < 0.001) continue; // a control by a pixel
            const moved = each.sources.map(({ node }) => node?.outerHTML?.slice(0, 90));
            shifts.push([each.value, ...moved]);
        }
    }).observe({ type: "layout-shift", buffered: true });
"""


def test_the_first_load_is_light(open_page: OpenPage) -> None:
    page = open_page(1440)
    sign_up(page, "light")
    weighed: dict[str, int] = dict.fromkeys(MOST, 0)

    def weigh(response: Response) -> None:
        kind = response.request.resource_type
        if kind in weighed:
            weighed[kind] += len(gzip.compress(response.body()))

    page.on("response", weigh)
    page.reload()
    page.wait_for_load_state("networkidle")
    assert all(0 < weighed[kind] <= most for kind, most in MOST.items()), weighed


@pytest.mark.parametrize("width", [360, 1440, 2560])
def test_nothing_jumps(open_page: OpenPage, width: int) -> None:
    page = open_page(width)
    page.add_init_script(SHIFTS)
    sign_up(page, f"calm-{width}")
    page.wait_for_load_state("networkidle")
    if page.evaluate("shifts"):  # a busy machine may have run a module late: once more
        page.reload()
        page.wait_for_load_state("networkidle")
    assert page.evaluate("shifts") == []
    page.get_by_label("Prompt", exact=True).first.fill("a lake at dawn")
    page.locator("#create").click()
    expect(page.locator("main article a img")).to_be_visible(timeout=60_000)
    page.reload()
    page.wait_for_load_state("networkidle")
    assert page.evaluate("shifts") == []
    fits(page)


@pytest.mark.parametrize("width", [1440, 390])
def test_everybody_can_use_what_opens(open_page: OpenPage, width: int) -> None:
    page = open_page(width)
    sign_up(page, f"everybody-{width}")
    page.locator("#settings summary").click()
    page.locator("#as-sent summary").click()
    page.get_by_label("Prompt", exact=True).first.fill("a lake at dawn")
    expect(page.locator(".quote")).to_be_visible()
    expect_no_violation(page, "settings and quote")
    page.get_by_label("Prompt", exact=True).first.press("Enter")
    expect(page.locator("main article a img")).to_be_visible(timeout=60_000)
    for opens, name in (("prompts", "Prompts"), ("keys", "Keyboard")):
        page.locator(f"[data-opens={opens}]").evaluate("each => each.click()")
        expect(page.get_by_role("dialog", name=name)).to_be_visible()
        if opens == "prompts":
            expect(page.locator(".prompts-rows")).to_be_visible()
        expect_no_violation(page, name)
        page.keyboard.press("Escape")


@pytest.mark.parametrize("width", [1440, 390])
def test_everybody_can_edit_share_and_work_in_a_team(open_page: OpenPage, width: int) -> None:
    page = open_page(width)
    sign_up(page, f"everybody-edits-{width}")
    page.get_by_label("Prompt", exact=True).first.fill("a lake at dawn")
    page.get_by_label("Prompt", exact=True).first.press("Enter")
    page.get_by_role("link", name="Edit this").click(timeout=60_000)
    page.get_by_label("Prompt", exact=True).first.fill("sepia")
    page.get_by_label("Prompt", exact=True).first.press("Enter")
    expect(page.locator(".bench-image[alt='sepia']")).to_be_visible(timeout=60_000)
    expect_no_violation(page, "bench")
    page.get_by_role("button", name="Compare").click()
    expect_no_violation(page, "compare")
    page.get_by_role("button", name="Region").click()
    page.get_by_text("A rectangle by numbers").click()
    page.get_by_role("button", name="Add", exact=True).click()
    expect_no_violation(page, "region")
    image = page.locator(".bench").get_attribute("data-image")
    page.goto(f"/batch/?image={image}")
    expect_no_violation(page, "batch")
    page.get_by_label("Prompt", exact=True).fill("black and white")
    page.locator("#create").click()
    expect(page.locator("batch-progress")).to_contain_text("1 of 1 done", timeout=60_000)
    expect_no_violation(page, "batch done")
    share(page, f"/images/{image}/")
    collect(page)
    page.goto("/accounts/workspaces/new")
    page.get_by_label("Name").fill("Poster workshop")
    page.get_by_role("button", name="Make the team").click()
    page.get_by_label("Email").fill(f"ben-{width}@example.com")
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_text(f"ben-{width}@example.com").first).to_be_visible()
    expect_no_violation(page, "team")
    for name in ("Move credit here", "Delete the team"):
        page.get_by_role("link", name=name).click()
        expect_no_violation(page, name)
        page.go_back()


def share(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("link", name="Share").click()
    page.get_by_label("Compare edits").check()
    expect_no_violation(page, "a new link")
    page.get_by_role("button", name="Make the link").click()
    shared = page.get_by_label("Address").input_value()
    expect_no_violation(page, "the link")
    page.goto(shared)
    expect_no_violation(page, "what is shared")


def collect(page: Page) -> None:
    page.goto("/collections/")
    page.get_by_label("New collection").fill("Posters")
    page.get_by_role("button", name="Make it").click()
    page.wait_for_url("**/collections/*-*/")
    expect_no_violation(page, "a collection")
    page.goto("/gallery/")
    page.get_by_role("button", name="Select", exact=True).click()
    page.locator("#pictures .tile-link").first.click()
    expect_no_violation(page, "selecting")


def expect_no_violation(page: Page, where: str) -> None:
    """Neither light nor dark."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        check(page, f"{where}, {scheme}")


def check(page: Page, where: str) -> None:
    page.wait_for_function(
        "() => document.getAnimations().every(each => each.playState === 'finished')"
    )
    found: Any = Axe().run(page).response["violations"]
    said = [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found]
    assert said == [], where
