"""The states of the studio that no ordinary day shows at once, for the screenshots."""

import re
import sqlite3
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.product import Product

_ENDS = (
    ("filtered", "content_filtered", "The image service does not make this: its rules forbid it."),
    ("failed", "unavailable", "The image service does not answer at the moment."),
    ("failed", "out_of_service", "The studio is out of service: its operator has been told."),
    ("cancelled", "cancelled", "Cancelled."),
)


def first_run(page: Page, shoot: Callable[..., None]) -> None:
    """Before there is anything, and before there is credit for it: too much is asked for."""
    page.goto("/gallery/")
    shoot("gallery-empty")
    page.goto("/")
    page.get_by_role("link", name="Speech bubble").click()
    expect(page.locator("#prompt")).not_to_have_value("")
    expect(page.locator("#photo-image")).to_have_js_property("complete", True)
    shoot("starter")
    page.get_by_role("button", name="Remove the photo").click()
    page.locator("#settings summary").click()
    page.get_by_label("Model").select_option("step-2x-large")
    page.locator("#settings summary").click()
    page.get_by_label("How many").fill("10")
    page.get_by_label("Prompt", exact=True).first.fill("the sea by day")
    page.locator("#create").click()
    expect(page.get_by_role("alert")).to_contain_text("is left")
    shoot("out-of-credit")
    page.evaluate("localStorage.clear(); sessionStorage.clear()")


def words(page: Page, shoot: Callable[..., None]) -> None:
    page.goto("/")
    page.get_by_label("Prompt", exact=True).first.fill("a lake at dawn")
    page.get_by_label("How many").fill("4")
    page.locator("#as-sent summary").click()
    expect(page.locator(".quote")).to_be_visible()
    shoot("as-sent", whole=True)
    page.locator("#as-sent summary").click()
    for opens, name in (("prompts", "prompts"), ("keys", "keyboard")):
        page.locator(f"[data-opens={opens}]").evaluate("each => each.click()")
        if opens == "prompts":
            expect(page.locator(".prompts-rows").first).to_be_visible()
        shoot(name)
        page.keyboard.press("Escape")


def unreached(page: Page, shoot: Callable[..., None]) -> None:
    """Without a network, and once the session has ended elsewhere."""
    page.goto("/")
    prompt = page.get_by_label("Prompt", exact=True).first
    prompt.fill("a lake at dawn")
    page.context.set_offline(True)
    prompt.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("You are offline")
    shoot("offline")
    page.context.set_offline(False)
    page.context.clear_cookies(name=re.compile("session"))
    prompt.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("You are signed out")
    shoot("signed-out")


def many(page: Page, shoot: Callable[..., None]) -> None:
    page.goto("/")
    chosen = page.locator("use-source").evaluate_all(
        "all => all.slice(0, 6).map(each => `image=${each.getAttribute('image')}`).join('&')"
    )
    page.goto(f"/batch/?{chosen}")
    page.get_by_label("Prompt").fill("make it black and white")
    shoot("batch")
    page.locator("#create").click()
    page.wait_for_url("**/batch/*-*/")
    shoot("batch-working")
    expect(page.get_by_role("button", name="Stop")).to_have_count(0, timeout=60_000)
    shoot("batch-done")


def troubles(page: Page, product: Product, email: str, shoot: Callable[..., None]) -> None:
    """The person's latest jobs, as if they had ended otherwise."""
    with sqlite3.connect(product.data_dir / "easel.sqlite3", timeout=20) as database:
        latest = database.execute(
            "SELECT j.id FROM studio_job j JOIN accounts_user u ON u.id = created_by_id"
            " WHERE state = 'succeeded' AND email = ? ORDER BY j.id DESC LIMIT 4",
            (email,),
        ).fetchall()
        for (job,), (state, code, sentence) in zip(latest, _ENDS, strict=True):
            database.execute(
                "UPDATE studio_job SET state = ?, error_code = ?, error = ?, image_id = NULL"
                " WHERE id = ?",
                (state, code, sentence, job),
            )
    page.goto("/")
    expect(page.get_by_role("button", name="Try again").first).to_be_visible()
    shoot("troubles")
