"""The main job as a person does it, in Chromium; of `make run` and of `make cluster`."""

import secrets
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.sizes import every_width
from tests.product import Product, until
from tests.shapes import ON_CLUSTER


def sign_up(page: Page, name: str) -> str:
    """The address under which somebody new, called so, has an account now."""
    email = f"{name}-{secrets.token_hex(4)}@example.com"
    page.goto("/")
    page.get_by_role("link", name="Sign up").first.click()
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill("a long enough phrase")
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_label("Prompt").first).to_be_visible()
    page.evaluate("customElements.whenDefined('page-keys').then(() => true)")  # the last module
    return email


def balance_is(page: Page, text: str) -> None:
    expect(page.get_by_text(text).first).to_be_visible()


@pytest.mark.parametrize(
    ("product", "width", "scheme"),
    [
        ("embedded", 1440, "light"),
        ("embedded", 390, "dark"),
        pytest.param("cluster", 1440, "dark", marks=ON_CLUSTER),
    ],
    indirect=["product"],
)
def test_make_edit_pay_and_find_again(
    open_page: OpenPage, product: Product, photo: Path, width: int, scheme: str
) -> None:
    page = open_page(width, scheme)
    sign_up(page, f"ada-{width}")
    balance_is(page, "$0.15")

    page.get_by_label("Prompt").first.fill("a quiet lake at sunset")
    button = page.get_by_role("button", name="Create").first
    expect(button).to_contain_text("$0.003")
    button.click()
    picture = page.locator("main a img").first
    expect(picture).to_be_visible()
    expect(picture).to_have_js_property("complete", True)
    balance_is(page, "$0.147")

    page.locator("input[type=file]").first.set_input_files(photo)
    page.get_by_label("Prompt").first.fill("make it black and white")
    page.get_by_role("button", name="Edit").first.click()
    edited = page.get_by_role("img", name="make it black and white").first
    expect(edited).to_be_visible()
    balance_is(page, "$0.144")
    expect(edited).to_have_js_property("complete", True)
    assert edited.evaluate("image => image.naturalHeight > image.naturalWidth"), "upright"

    page.get_by_role("link", name="Gallery").first.click()
    expect(page.locator("main a img:not([aria-hidden])")).to_have_count(3)
    page.locator("main a:has(img)").first.click()
    recipe = page.locator("main")
    for text in ("make it black and white", "step-image-edit-2", "$0.003", "2448"):
        expect(recipe).to_contain_text(text)
    expect(recipe).to_contain_text("Sketch: a stand-in, not AI")
    assert "agree" in product.manage("audit")


@every_width(1440)
def test_leaving_loses_nothing(open_page: OpenPage, width: int) -> None:
    page = open_page(width)
    sign_up(page, f"leaver-{width}")
    page.get_by_label("Prompt").first.fill("a forest in snow")
    page.get_by_role("button", name="Create").first.click()
    expect(page.locator("article")).to_have_count(1)
    page.goto("/gallery/")
    page.goto("/")
    expect(page.locator("main article a img")).to_be_visible()
    balance_is(page, "$0.147")


@every_width(360)
def test_a_double_click_and_a_held_key_pay_once(open_page: OpenPage, width: int) -> None:
    page = open_page(width)
    sign_up(page, f"twice-{width}")
    page.get_by_label("Prompt").first.fill("the sea")
    page.get_by_role("button", name="Create").first.dblclick()
    expect(page.locator("main article a img")).to_be_visible()
    balance_is(page, "$0.147")
    assert page.locator("main article").count() == 1
    for control in (page.get_by_label("Prompt").first, page.locator("#create")):
        before = page.locator("main article").count()
        control.focus()
        page.keyboard.down("Enter")
        expect(page.locator("main article a img")).to_have_count(before + 1)
        page.keyboard.down("Enter")  # again without being let go
        page.keyboard.up("Enter")
    balance_is(page, "$0.141")
    expect(page.locator("main article")).to_have_count(3)


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("notes.png", b"only text", "cannot be read"),
        ("empty.png", b"", "empty"),
        ("film.gif", b"GIF89a\x01\x00\x01\x00\x00\x00\x00;", "JPEG, PNG or WebP"),
    ],
)
def test_what_is_no_photo_is_said_and_costs_nothing(
    open_page: OpenPage, tmp_path: Path, name: str, data: bytes, sentence: str
) -> None:
    page = open_page(390)
    sign_up(page, f"{name}")
    file = tmp_path / name
    file.write_bytes(data)
    page.locator("input[type=file]").first.set_input_files(file)
    expect(page.get_by_role("alert")).to_contain_text(sentence)
    balance_is(page, "$0.15")
    page.goto("/gallery/")
    assert page.locator("main a img").count() == 0


def test_a_long_prompt_is_said_and_costs_nothing(open_page: OpenPage) -> None:
    page = open_page(390)
    sign_up(page, "long")
    page.get_by_label("Prompt").first.fill("x" * 513)
    page.get_by_role("button", name="Create").first.click()
    expect(page.get_by_role("alert")).to_contain_text("513 characters")
    balance_is(page, "$0.15")


@pytest.mark.timeout(400)
def test_no_credit_is_said_and_nothing_is_kept(
    open_page: OpenPage, product: Product, photo: Path
) -> None:
    page = open_page(1440)
    email = sign_up(page, "poor")
    page.get_by_label("How many").fill("10")
    page.get_by_label("Prompt").first.fill("a city at night")
    for left in ("$0.12", "$0.09", "$0.06", "$0.03", "$0.00"):
        page.get_by_role("button", name="Create").first.click()
        balance_is(page, left)
    page.get_by_label("How many").fill("1")
    page.locator("input[type=file]").first.set_input_files(photo)
    page.get_by_role("button", name="Edit").first.click()
    expect(page.get_by_role("alert")).to_contain_text("$0.00 is left")
    expect(page.locator("[aria-invalid]")).to_have_count(0)
    uploads = "SELECT count(*) FROM gallery_image i JOIN accounts_user u ON u.id = created_by_id "
    uploads += f"WHERE kind = 'upload' AND email = '{email}'"
    assert product.query(uploads) == [(0,)]
    unfinished = "SELECT count(*) FROM studio_job WHERE state IN ('queued', 'running')"
    until(lambda: product.query(unfinished) == [(0,)], "the end of the jobs", 240)
    until(lambda: "agree" in product.manage("audit"), "the audit agreeing")
