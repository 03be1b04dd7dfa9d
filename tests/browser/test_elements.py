"""Each custom element of the studio by itself; what it does with others: test_studio_story."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_main_job import sign_up

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.timeout(300)]

OpenPage = Callable[..., Page]


def put(page: Page, html: str) -> None:
    """An element as htmx would bring it."""
    page.evaluate(
        "html => { const room = document.createElement('div'); room.id = 'room';"
        " document.querySelector('main').prepend(room); room.innerHTML = html; }",
        html,
    )


def test_every_element_by_itself(open_page: OpenPage) -> None:
    page = open_page(1440)
    sign_up(page, "elements@example.com")
    count_stepper(page)
    job_clock(page)
    use_settings(page)
    starter_list(page)
    page_keys(page)
    page.goto("/batch/")
    page.evaluate("customElements.whenDefined('batch-progress').then(() => true)")
    batch_form(page)
    batch_progress(page)


def count_stepper(page: Page) -> None:
    count, create = page.get_by_label("How many"), page.locator("#create")
    page.get_by_role("button", name="One fewer").click()
    expect(count).to_have_value("1")
    for _ in range(2):
        page.get_by_role("button", name="One more").click()
    expect(create).to_have_text("Create 3 · $0.009")
    count.fill("99")
    expect(create).to_have_text("Create 10 · $0.03")
    count.fill("")
    expect(create).to_have_text("Create · $0.003")
    count.fill("1")


def job_clock(page: Page) -> None:
    put(
        page,
        "<job-clock elapsed=65000 usual=2000><span>Drawing</span><i class=job-line></i></job-clock>"
        "<job-clock elapsed=0 usual=9000><span>Editing</span></job-clock>"
        "<job-clock elapsed=3000><span>2nd in the queue</span><span data-clock></span></job-clock>",
    )
    room = page.locator("#room")
    expect(room).to_contain_text("Drawing, 65.")
    expect(room).to_contain_text("s (usually 2.0 s)")
    expect(room).to_contain_text("s of about 9.0 s")
    expect(room).to_contain_text("2nd in the queue3.")
    page.evaluate("document.getElementById('room').remove()")


def use_settings(page: Page) -> None:
    put(
        page,
        "<article data-job=x data-prompt='a lake' data-model=step-image-edit-2 data-seed=7"
        " data-size=1360x768 data-steps=9 data-cfg=2 data-negative=fog>"
        "<use-settings hidden><button type=button>The same</button></use-settings></article>",
    )
    page.get_by_role("button", name="The same").click()
    for name, value in {"prompt": "a lake", "seed": "7", "steps": "9", "cfg_scale": "2"}.items():
        expect(page.locator(f"#composer [name={name}]")).to_have_value(value)
    expect(page.locator("[name=source]")).to_have_value("")
    expect(page.locator("input[name=size]:checked:enabled")).to_have_value("1360x768")
    page.evaluate("document.getElementById('room').remove()")


def starter_list(page: Page) -> None:
    put(
        page,
        "<starter-list><a href='/?prompt=x' data-prompt='two words' data-size='768x1360'"
        " data-sample='' data-text-mode>Start</a></starter-list>",
    )
    page.get_by_role("link", name="Start", exact=True).click()
    expect(page.locator("#prompt")).to_have_value("two words")
    expect(page.locator("#prompt-count")).to_have_text("9 / 512")
    expect(page.locator("input[name=size]:checked:enabled")).to_have_value("768x1360")
    assert page.locator("#text-mode").is_checked()
    page.evaluate("document.getElementById('room').remove()")


def page_keys(page: Page) -> None:
    put(page, "<button type=button data-key=z>Zed</button>")
    page.evaluate(
        "() => { document.querySelector('[data-key=z]').onclick = () => { globalThis.zed = 1; }; }"
    )
    page.locator("#prompt").press("z")
    assert page.evaluate("globalThis.zed") is None
    page.locator("#prompt").blur()
    page.keyboard.press("Control+z")
    assert page.evaluate("globalThis.zed") is None
    page.keyboard.press("z")
    assert page.evaluate("globalThis.zed") == 1
    page.evaluate("document.getElementById('room').remove()")


def batch_form(page: Page) -> None:
    put(
        page,
        "<batch-form><form><select name=model><option data-price=3000>M</option></select>"
        "<input type=checkbox name=image checked aria-label=one>"
        "<input type=checkbox name=image checked aria-label=two>"
        "<button id=create></button></form></batch-form>",
    )
    button = page.locator("#room button")
    expect(button).to_have_text("Edit 2 · $0.006")
    page.get_by_label("one", exact=True).uncheck()
    expect(button).to_have_text("Edit 1 · $0.003")
    page.get_by_label("two", exact=True).uncheck()
    expect(button).to_be_disabled()
    page.evaluate("document.getElementById('room').remove()")


def batch_progress(page: Page) -> None:
    put(
        page,
        "<batch-progress total=3><progress max=3 value=0></progress><span></span>"
        "<form><button type=button>Stop</button></form></batch-progress>",
    )
    page.evaluate("document.dispatchEvent(new Event('easel:jobs'))")
    expect(page.locator("#room")).to_have_text("3 of 3 done")
    expect(page.locator("#room button")).to_have_count(0)
