"""Each custom element of the other pages by itself, and that each one anywhere has its test."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import test_elements
from tests.browser.conftest import OpenPage
from tests.browser.test_elements import put, take_away
from tests.browser.test_main_job import sign_up
from tests.product import ROOT

CLIPBOARD = ["clipboard-read", "clipboard-write"]


def test_every_element_has_a_test() -> None:
    """A function of its name, here or beside."""
    modules = (each.read_text() for each in (ROOT / "static" / "js").rglob("*.js"))
    defined = set(re.findall(r'customElements\.define\("([\w-]+)"', "\n".join(modules)))
    tested = {name.replace("_", "-") for name in {*vars(test_elements), *globals()}}
    assert len(defined) > 20
    assert defined - tested == set()


def test_every_element_of_any_page_by_itself(open_page: OpenPage) -> None:
    page = open_page(1440)
    page.context.grant_permissions(CLIPBOARD)
    sign_up(page, "page-elements")
    theme_switch(page)
    local_time(page)
    copy_button(page)
    page.goto("/accounts/keys/new")
    send_once(page)
    page.goto("/verify/")
    file_drop(page)
    page.goto("/accounts/keys/new")
    page.get_by_label("Name").fill("posters")
    page.get_by_role("button", name="Make the key").click()
    shown_once(page)
    print_button(page)


@pytest.mark.complains("500")
def test_every_element_of_the_gallery_by_itself(open_page: OpenPage) -> None:
    page = open_page(1440)
    sign_up(page, "gallery-elements")
    page.get_by_label("How many").fill("3")
    page.locator("#prompt").fill("a lake")
    page.locator("#prompt").press("Enter")
    expect(page.locator("#jobs > [data-image]")).to_have_count(3, timeout=60_000)
    page.goto("/gallery/")
    expect(page.locator("#pictures .tile")).to_have_count(3)
    select_button(page)
    selection_bar(page)
    more_pictures(page)
    page.locator("#pictures .tile-link").first.click()
    page.wait_for_url("**/images/**")
    zoom_stage(page)


def theme_switch(page: Page) -> None:
    page.get_by_role("button", name="Account", exact=True).click()
    theme = page.get_by_role("group", name="Theme")
    for name, kept in (("Dark", "dark"), ("Light", "light"), ("System", None)):
        theme.get_by_role("button", name=name).click()
        expect(theme.locator("[aria-pressed=true]")).to_have_text(name)
        assert page.evaluate("document.documentElement.dataset.theme ?? null") == kept
        assert page.evaluate("localStorage.getItem('easel.theme')") == kept
    page.keyboard.press("Escape")


def local_time(page: Page) -> None:
    put(
        page,
        "<local-time><time datetime='2026-03-04T05:06:07Z'>server's</time></local-time>"
        "<local-time day><time datetime='2026-03-04T05:06:07Z'>server's</time></local-time>"
        "<local-time><time datetime=never>as it was</time></local-time>",
    )
    whole, day, wrong = page.locator("#room time").all()
    at = "(options) => new Date('2026-03-04T05:06:07Z').toLocaleString(undefined, options)"
    expect(day).to_have_text(page.evaluate(at, {"dateStyle": "medium"}))
    expect(whole).to_have_text(page.evaluate(at, {"dateStyle": "medium", "timeStyle": "short"}))
    expect(whole).to_have_attribute("title", "2026-03-04T05:06:07.000Z")
    expect(wrong).to_have_text("as it was")
    take_away(page)


def copy_button(page: Page) -> None:
    put(
        page,
        "<dl id=terms><dt>Seed</dt><dd>7</dd><dt>Size</dt><dd><b data-value>8 x 9</b> px</dd></dl>"
        "<copy-button of=terms hidden><button type=button>Copy all</button></copy-button>"
        "<copy-button text='mine alone' hidden><button type=button>Copy one</button></copy-button>",
    )
    for name, text in (("Copy all", "Seed: 7\nSize: 8 x 9"), ("Copy one", "mine alone")):
        button = page.get_by_role("button", name=name)
        button.click()
        expect(page.get_by_role("button", name="Copied")).to_have_count(1)
        assert page.evaluate("navigator.clipboard.readText()") == text
        expect(button).to_be_visible()  # it says its own words again
    take_away(page)


def send_once(page: Page) -> None:
    put(page, "<send-once><form></form></send-once>")
    goes = page.locator("#room form").evaluate(
        """form => {
            const send = () => form.dispatchEvent(
                new SubmitEvent("submit", { bubbles: true, cancelable: true }));
            const said = [send(), send()];
            dispatchEvent(new Event("pageshow"));
            return [...said, send()];
        }"""
    )
    assert goes == [True, False, True]


def shown_once(page: Page) -> None:
    field = page.get_by_label("Your new key")
    secret = field.input_value()
    field.click()
    assert page.evaluate("getSelection().toString()") == secret
    page.evaluate("dispatchEvent(new Event('pagehide'))")
    expect(field).to_have_value("")


def print_button(page: Page) -> None:
    page.evaluate("import('/static/js/print.js')")
    put(page, "<print-button><button type=button>Print this</button></print-button>")
    page.evaluate("() => { globalThis.print = () => { globalThis.isPrinted = true; }; }")
    page.get_by_role("button", name="Print this").click()
    assert page.evaluate("globalThis.isPrinted") is True


def file_drop(page: Page) -> None:
    """Marks itself while a file is over the page, takes it, and asks at once; words are no file."""
    said = page.evaluate(
        """() => {
            const drop = document.querySelector("file-drop");
            let sent = 0;
            drop.addEventListener("submit", (event) => { event.preventDefault(); sent += 1; });
            const files = new DataTransfer();
            files.items.add(new File(["x"], "x.png", { type: "image/png" }));
            const words = new DataTransfer();
            words.setData("text/plain", "words");
            const fire = (type, dataTransfer) => {
                const options = { bubbles: true, cancelable: true, dataTransfer };
                document.body.dispatchEvent(new DragEvent(type, options));
                return drop.classList.contains("is-over");
            };
            const marks = [fire("dragenter", words), fire("dragenter", files),
                fire("dragleave", files), fire("dragenter", files), fire("drop", files)];
            return [marks, sent, drop.querySelector("[type=file]").files[0].name];
        }"""
    )
    assert said == [[False, True, False, True, False], 1, "x.png"]


def select_button(page: Page) -> None:
    button = page.get_by_role("button", name="Select", exact=True)
    for is_on in (True, False):
        button.click()
        expect(button).to_have_attribute("aria-pressed", str(is_on).lower())
        expect(page.locator("#pictures.is-selecting")).to_have_count(int(is_on))


def selection_bar(page: Page) -> None:
    """By pointer with Shift, by keys, and none again."""
    links = page.locator("#pictures .tile-link")
    count = page.locator(".selection-count")
    page.get_by_role("button", name="Select", exact=True).click()
    links.first.click()
    expect(count).to_have_text("1 selected")
    links.last.click(modifiers=["Shift"])
    expect(count).to_have_text("3 selected")
    page.keyboard.press("Escape")
    expect(page.locator("#pictures :checked")).to_have_count(0)
    links.first.focus()
    page.keyboard.press("ArrowRight")
    expect(links.nth(1)).to_be_focused()
    page.keyboard.press("x")
    expect(count).to_have_text("1 selected")
    page.keyboard.press("Control+a")
    expect(count).to_have_text("3 selected")
    page.get_by_role("button", name="Favourite").click()
    expect(page.locator("#pictures .tile-mark:visible")).to_have_count(3)
    expect(page.locator("#pictures :checked")).to_have_count(0)


def more_pictures(page: Page) -> None:
    """What follows takes the link's place; an answer that fails leaves the link."""
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.headers["hx-target"])
        tile = "<li class=tile id=later><a class=tile-link href='/images/x/'>later</a></li>"
        route.fulfill(status=200 if len(asked) > 1 else 500, body=tile, content_type="text/html")

    page.route("**/later", answer)
    link = "<more-pictures><a href='/later'>More pictures</a></more-pictures>"
    for number in (1, 2):
        with page.expect_response("**/later"):
            page.evaluate(
                "html => { const item = document.createElement('li'); item.className = 'more';"
                " item.innerHTML = html; document.getElementById('pictures').append(item); }",
                link,
            )
        expect(page.locator("#pictures .more")).to_have_count(1)
        expect(page.locator("#later")).to_have_count(number - 1)
    expect(page.locator("#later")).to_have_attribute("data-page", "/later")
    assert asked == ["pager", "pager"]
    page.evaluate("document.querySelectorAll('.more, #later').forEach(each => each.remove())")


def zoom_stage(page: Page) -> None:
    stage, level = page.locator("zoom-stage"), page.locator("zoom-stage output")
    expect(level).to_have_text("Fit")
    page.keyboard.press("+")
    expect(level).not_to_have_text("Fit")
    page.keyboard.press("0")
    expect(level).to_have_text("Fit")
    for said in ("100 %", "Fit"):
        stage.dblclick()
        expect(level).to_have_text(said)
    page.keyboard.press("f")
    expect(page.locator("zoom-stage.is-full")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("zoom-stage.is-full")).to_have_count(0)
