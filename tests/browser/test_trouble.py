"""What the studio says when it does not go as it should, and what it keeps."""

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.sizes import every_width
from tests.browser.test_main_job import balance_is, sign_up

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


def foreign(status: int) -> Callable[[Route], None]:
    def answer(route: Route) -> None:
        route.fulfill(status=status, body=FOREIGN, content_type="text/html")

    return answer


@every_width(360)
@pytest.mark.complains("401")
def test_the_session_has_ended(open_page: OpenPage, width: int) -> None:
    page = open_page(width)
    email = sign_up(page, f"ended-{width}")
    page.context.clear_cookies(name=re.compile("session"))
    said = ask(page, "a lake")
    expect(said).to_contain_text("You are signed out. Not charged.")
    expect_the_page_to_stand(page, "a lake")
    said.get_by_role("link", name="Sign in again").click()
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill("a long enough phrase")
    page.get_by_role("button", name="Sign in").click()
    expect(prompt(page)).to_have_value("a lake")
    balance_is(page, "$0.15")


@pytest.mark.complains("403")
def test_the_page_has_grown_old(open_page: OpenPage) -> None:
    page = open_page(1440)
    sign_up(page, "old")
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


@pytest.mark.complains("500", "502", "503", "200", "413", "429")
def test_an_answer_that_is_not_ours(open_page: OpenPage) -> None:
    page = open_page(1440)
    sign_up(page, "foreign")
    improper = "The server did not answer properly."
    answers = {413: "This is too large.", 429: "Wait a minute"}
    answers |= dict.fromkeys((500, 502, 503, 200), improper)
    for status, sentence in answers.items():
        page.route("**/jobs/", foreign(status))
        said = ask(page, "a lake")
        expect(said).to_contain_text(sentence)
        if sentence == improper:
            expect(said).not_to_contain_text("Not charged")
        expect_the_page_to_stand(page, "a lake")
        page.unroute("**/jobs/")
    said = ask(page, "a lake")
    expect(page.locator("#jobs > article")).to_have_count(1)
    expect(said).to_be_empty()


def test_a_reload_keeps_the_words_of_an_edit_only_with_its_photo(
    open_page: OpenPage, photo: Path
) -> None:
    page = open_page(1440)
    sign_up(page, "reload")
    page.locator("input[type=file]").first.set_input_files(photo)
    prompt(page).fill("make it black and white")
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("Choose it again")
    expect(prompt(page)).to_have_value("")
    page.locator("input[type=file]").first.set_input_files(photo)
    expect(prompt(page)).to_have_value("make it black and white")
    page.locator("#create").click()
    picture = page.get_by_role("img", name="make it black and white").first
    expect(picture).to_be_visible(timeout=20_000)
    prompt(page).fill("and a little brighter")
    page.reload()  # the photo is an image of the gallery by now
    expect(prompt(page)).to_have_value("and a little brighter")
    expect(page.locator("#create")).to_contain_text("Edit")
    expect(page.locator("#photo")).to_be_visible()


def test_a_refused_photo_does_not_stay(open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page(390)
    sign_up(page, "no-photo")
    chooser = page.locator("input[type=file]").first
    for name, data, sentence in (
        ("empty.png", b"", "This file is empty."),
        ("film.gif", b"GIF89a", "GIF files are not taken; use JPEG, PNG or WebP."),
        ("notes.txt", b"only text", "cannot be read"),
        ("IMG_2.HEIC", b"\0\0\0\x18ftypheic", "HEIC files are not taken"),
        ("damaged.png", b"\x89PNG\r\n\x1a\n", "cannot be read"),
    ):
        (tmp_path / name).write_bytes(data)
        chooser.set_input_files(tmp_path / name)
        expect(page.get_by_role("alert")).to_contain_text(sentence)
        expect(page.locator("#photo")).to_be_hidden()
        expect(page.locator("#create")).to_contain_text("Create")
        assert chooser.evaluate("each => each.files.length") == 0


def test_a_photo_that_the_server_refuses_does_not_stay(open_page: OpenPage) -> None:
    page = open_page(1440)
    sign_up(page, "cut")
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
