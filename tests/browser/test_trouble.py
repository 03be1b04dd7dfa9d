"""What the studio says when it does not go as it should, and what it keeps."""

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.test_main_job import balance_is, sign_up

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

OpenPage = Callable[..., Page]
FOREIGN = "<html><head><title>Proxy</title></head><body><h1>Bad gateway</h1></body></html>"


def prompt(page: Page) -> Locator:
    return page.get_by_label("Prompt", exact=True).first


def ask(page: Page, words: str) -> Locator:
    """Presses the button; answers with what is said about it."""
    prompt(page).fill(words)
    page.locator("#create").click()
    return page.get_by_role("alert")


def expect_the_page_to_stand(page: Page, words: str) -> None:
    expect(prompt(page)).to_have_value(words)
    expect(page.locator("#refused")).to_have_count(1)
    expect(page.locator("#jobs > *")).to_have_count(0)
    expect(page).to_have_title(re.compile("Studio"))


@pytest.mark.complains("401")
def test_the_session_has_ended(open_page: OpenPage) -> None:
    page = open_page(390)
    sign_up(page, "ended@example.com")
    page.context.clear_cookies(name=re.compile("session"))
    said = ask(page, "a lake")
    expect(said).to_contain_text("You are signed out. Not charged.")
    expect_the_page_to_stand(page, "a lake")
    said.get_by_role("link", name="Sign in again").click()
    page.get_by_label("Email").fill("ended@example.com")
    page.get_by_label("Password").fill("a long enough phrase")
    page.get_by_role("button", name="Sign in").click()
    expect(prompt(page)).to_have_value("a lake")
    balance_is(page, "$0.15")


@pytest.mark.complains("403")
def test_the_page_has_grown_old(open_page: OpenPage) -> None:
    page = open_page(1440)
    sign_up(page, "old@example.com")
    page.locator("#composer [name=csrfmiddlewaretoken]").evaluate(
        "each => { each.value = 'x'.repeat(64); }"
    )
    said = ask(page, "a lake")
    expect(said).to_contain_text("This page has grown old.")
    expect(said).to_contain_text("Not charged.")
    expect_the_page_to_stand(page, "a lake")
    said.get_by_role("button", name="Load the page again").click()
    expect(said).to_be_empty()
    expect(prompt(page)).to_have_value("a lake")
    ask(page, "a lake")
    expect(page.locator("#jobs > article")).to_have_count(1)


@pytest.mark.complains("500", "502", "503", "504", "200", "413", "429")
@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (413, "This is too large."),
        (429, "Wait a minute"),
        (500, "The server did not answer properly."),
        (502, "The server did not answer properly."),
        (503, "The server did not answer properly."),
        (200, "The server did not answer properly."),
    ],
)
def test_an_answer_that_is_not_ours(open_page: OpenPage, status: int, sentence: str) -> None:
    page = open_page(1440)
    sign_up(page, f"foreign-{status}@example.com")

    def answer(route: Route) -> None:
        route.fulfill(status=status, body=FOREIGN, content_type="text/html")

    page.route("**/jobs/", answer)
    said = ask(page, "a lake")
    expect(said).to_contain_text(sentence)
    if status not in {413, 429}:
        expect(said).not_to_contain_text("Not charged")
    expect_the_page_to_stand(page, "a lake")
    page.unroute("**/jobs/")
    ask(page, "a lake")
    expect(page.locator("#jobs > article")).to_have_count(1)
    expect(said).to_be_empty()


def test_no_credit_accuses_no_button(open_page: OpenPage) -> None:
    page = open_page(390)
    sign_up(page, "broke@example.com")
    page.get_by_label("How many").fill("10")
    for left in ("$0.12", "$0.09", "$0.06", "$0.03", "$0.00"):
        ask(page, "a lake")
        balance_is(page, left)
    expect(ask(page, "a lake")).to_contain_text("is left")
    expect(page.locator("[aria-invalid]")).to_have_count(0)


def test_a_reload_keeps_the_words_of_an_edit_only_with_its_photo(
    open_page: OpenPage, photo: Path
) -> None:
    page = open_page(1440)
    sign_up(page, "reload@example.com")
    page.locator("input[type=file]").first.set_input_files(photo)
    prompt(page).fill("make it black and white")
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("Choose it again")
    expect(prompt(page)).to_have_value("")
    page.locator("input[type=file]").first.set_input_files(photo)
    expect(prompt(page)).to_have_value("make it black and white")
    page.locator("#create").click()
    expect(page.get_by_role("img", name="make it black and white").first).to_be_visible()
    prompt(page).fill("and a little brighter")
    page.reload()  # the photo is an image of the gallery by now
    expect(prompt(page)).to_have_value("and a little brighter")
    expect(page.locator("#create")).to_contain_text("Edit")
    expect(page.locator("#photo")).to_be_visible()


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("empty.png", b"", "This file is empty."),
        ("film.gif", b"GIF89a", "GIF files are not taken; use JPEG, PNG or WebP."),
        ("IMG_2.HEIC", b"\0\0\0\x18ftypheic", "HEIC files are not taken"),
        ("notes.txt", b"only text", "cannot be read"),
        ("damaged.png", b"\x89PNG\r\n\x1a\n", "cannot be read"),
    ],
)
def test_a_refused_photo_does_not_stay(
    open_page: OpenPage, tmp_path: Path, name: str, data: bytes, sentence: str
) -> None:
    page = open_page(390)
    sign_up(page, f"no-{name.lower()}@example.com")
    (tmp_path / name).write_bytes(data)
    page.locator("input[type=file]").first.set_input_files(tmp_path / name)
    expect(page.get_by_role("alert")).to_contain_text(sentence)
    expect(page.locator("#photo")).to_be_hidden()
    expect(page.locator("#create")).to_contain_text("Create")
    assert page.locator("input[type=file]").first.evaluate("each => each.files.length") == 0


def test_a_photo_that_the_server_refuses_does_not_stay(open_page: OpenPage) -> None:
    page = open_page(1440)
    sign_up(page, "cut@example.com")
    gif = io.BytesIO()
    Image.new("RGB", (64, 64)).save(gif, "GIF")
    page.locator("input[type=file]").first.set_input_files(
        {"name": "film.png", "mimeType": "image/png", "buffer": gif.getvalue()}
    )
    said = ask(page, "make it black and white")
    expect(said).to_contain_text("GIF files are not taken; use JPEG, PNG or WebP. Not charged.")
    expect(page.locator("#photo")).to_be_hidden()
    prompt(page).press("Enter")  # the words were about the photo: alone they make nothing
    expect(said).to_contain_text("GIF files are not taken")
    balance_is(page, "$0.15")
    said.get_by_role("button", name="Go on without a photo").click()
    expect(said).to_be_empty()
    expect(page.locator("#jobs > *")).to_have_count(0)
