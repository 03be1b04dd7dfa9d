"""Each custom element of the studio by itself; what it does with others: test_studio_story."""

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.test_main_job import sign_up


def put(page: Page, html: str) -> None:
    """An element as htmx would bring it."""
    page.evaluate(
        "html => { const room = document.createElement('div'); room.id = 'room';"
        " document.querySelector('main').prepend(room); room.innerHTML = html; }",
        html,
    )


def take_away(page: Page) -> None:
    """What was put."""
    page.evaluate("document.getElementById('room').remove()")


def test_every_element_by_itself(open_page: OpenPage) -> None:
    page = open_page(1440)
    sign_up(page, "elements")
    studio_form(page)
    count_stepper(page)
    job_clock(page)
    use_settings(page)
    remix_recipe(page)
    starter_list(page)
    page_keys(page)
    prompt_panel(page)
    job_watch(page)
    page.goto("/batch/")
    page.evaluate("customElements.whenDefined('batch-progress').then(() => true)")
    batch_form(page)
    batch_progress(page)


def test_every_element_of_the_bench_by_itself(open_page: OpenPage) -> None:
    page = open_page(1440)
    sign_up(page, "bench-elements")
    page.locator("#prompt").fill("a lake")
    page.locator("#prompt").press("Enter")
    picture = page.locator("#jobs > [data-image]")
    expect(picture).to_be_visible(timeout=60_000)
    image = str(picture.get_attribute("data-image"))
    compare_slider(page)
    use_source(page, image)
    region_tool(page)
    edit_bench(page, image)


def studio_form(page: Page) -> None:
    """Counts the words, says the price, breaks lines with Shift, and keeps the focus."""
    prompt, create = page.locator("#prompt"), page.locator("#create")
    expect(prompt).to_be_focused()
    page.keyboard.type("one")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("two \N{PARTY POPPER}")
    expect(prompt).to_have_value("one\ntwo \N{PARTY POPPER}")
    expect(page.locator("#prompt-count")).to_have_text("9 / 512")
    expect(create).to_have_text("Create · $0.003")
    said = page.locator("#refused")
    page.evaluate("document.querySelector('studio-form').say('No, because.')")
    expect(said).to_have_text("No, because.")
    prompt.fill("")
    page.keyboard.press("Enter")  # nothing to make: it is the server that says why
    expect(said).not_to_contain_text("No, because.")
    expect(said).to_contain_text("Not charged.")
    expect(prompt).to_be_focused()
    expect(page.locator("#jobs > *")).to_have_count(0)


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
    take_away(page)


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
    take_away(page)


def remix_recipe(page: Page) -> None:
    """Fills the form as soon as it is there, and goes."""
    page.evaluate("history.replaceState(null, '', '/?remix=x')")
    put(
        page,
        "<remix-recipe hidden data-prompt='a hill' data-model=step-image-edit-2 data-seed=9"
        " data-size=768x1360></remix-recipe>",
    )
    for name, value in {"prompt": "a hill", "seed": "9", "steps": "", "source": ""}.items():
        expect(page.locator(f"#composer [name={name}]")).to_have_value(value)
    expect(page.locator("input[name=size]:checked:enabled")).to_have_value("768x1360")
    expect(page.locator("remix-recipe")).to_have_count(0)
    assert page.url.endswith("/")
    take_away(page)


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
    take_away(page)


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
    take_away(page)


def prompt_panel(page: Page) -> None:
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        one = "<a class=prompts-words data-prompt='a quiet lake' href='/?prompt=x'>a quiet lake</a>"
        route.fulfill(body=one, headers={"X-Easel": "fragment"}, content_type="text/html")

    page.route("**/prompts/", answer)
    page.locator("[data-opens=prompts]").click()
    panel = page.get_by_role("dialog", name="Prompts")
    words = panel.get_by_role("link", name="a quiet lake")
    expect(words).to_be_visible()
    panel.get_by_role("button", name="Close").click()
    expect(panel).to_be_hidden()
    page.locator("[data-opens=prompts]").click()
    words.click()
    expect(panel).to_be_hidden()
    expect(page.locator("#prompt")).to_have_value("a quiet lake")
    expect(page.locator("#prompt")).to_be_focused()
    page.evaluate("document.querySelector('#prompts').showModal()")
    page.mouse.click(5, 5)  # beside it
    expect(panel).to_be_hidden()
    assert len(asked) == 1, "it is asked for once, until an order changes it"


def job_watch(page: Page) -> None:
    """Two answers that are not ours, then news of both jobs at once."""
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url.partition("?")[2])
        done = (
            "<article id=job-x hx-swap-oob=true data-job=x data-state=succeeded"
            " data-prompt='a lake'></article><article id=job-y hx-swap-oob=true data-job=y"
            " data-state=failed><div class=job-over>It broke.\n Not charged.</div></article>"
        )
        ours = {"X-Easel": "fragment"} if len(asked) > 2 else {}
        route.fulfill(body=done if ours else "a proxy", headers=ours, content_type="text/html")

    page.route("**/watched?*", answer)
    put(
        page,
        "<job-watch url=/watched><p class=watch-note hidden>It is lost.</p>"
        "<article id=job-x data-job=x data-state=queued data-unfinished></article>"
        "<article id=job-y data-job=y data-state=running data-unfinished></article></job-watch>",
    )
    note, told = page.locator("#room .watch-note"), page.locator("#news")
    expect(note).to_be_visible()
    expect(told).to_have_text("It is lost.")
    expect(page.locator("#room [data-unfinished]")).to_have_count(0)
    expect(note).to_be_hidden()
    assert asked[:3] == ["job=x:queued&job=y:running"] * 3
    take_away(page)


def compare_slider(page: Page) -> None:
    put(
        page,
        "<compare-slider hidden><img class=compare-before data-src=/static/icons.svg"
        " data-srcset='' alt=''><input type=range value=50></compare-slider>",
    )
    slider = page.locator("#room compare-slider")
    before = slider.locator("img")
    assert before.get_attribute("src") is None
    assert slider.evaluate("each => each.toggle()") is True
    expect(before).to_have_attribute("src", "/static/icons.svg")
    expect(slider.locator("input")).to_be_focused()
    slider.locator("input").press("ArrowRight")
    assert slider.evaluate("each => each.style.getPropertyValue('--at')") == "51%"
    for is_held in (True, False):
        slider.evaluate("(each, is) => each.flip(is)", is_held)
        assert slider.evaluate("each => each.classList.contains('is-flipped')") is is_held
        expect(slider).to_have_js_property("hidden", False)
    assert slider.evaluate("each => each.toggle()") is False
    expect(slider).to_have_js_property("hidden", True)
    take_away(page)


def use_source(page: Page, image: str) -> None:
    put(
        page,
        "<article data-job=x data-prompt='the words'><img width=64 height=48 alt=''>"
        f"<use-source image={image}><a href='/?source={image}'>Use it</a></use-source></article>",
    )
    page.get_by_role("link", name="Use it").click()
    expect(page.locator("[name=source]")).to_have_value(image)
    expect(page.locator("#create")).to_contain_text("Edit")
    expect(page.locator("#prompt")).to_be_focused()
    take_away(page)
    expect(page.locator(".bench-image")).to_be_visible()
    assert page.url.endswith(f"/?source={image}")


def region_tool(page: Page) -> None:
    """It takes what the bench says of the picture, and leaves nothing behind."""
    page.get_by_role("button", name="Region").click()
    tool = page.locator("region-tool")
    expect(tool.get_by_label("Feather")).to_have_value("16")
    said = "each => { const form = new FormData(); each.describe(form); return [...form]; }"
    nothing = [["has_region", "on"], ["feather", "16"], ["is_region_empty", "on"]]
    assert tool.evaluate(said) == nothing
    tool.get_by_text("A rectangle by numbers").click()
    tool.get_by_role("button", name="Add", exact=True).click()
    expect(tool.locator("output[name=part]")).to_have_text("25 % of the picture")
    assert tool.evaluate(said) == nothing[:2]
    tool.get_by_role("button", name="Invert").click()
    expect(tool.locator("output[name=part]")).to_have_text("75 % of the picture")
    tool.get_by_role("button", name="Clear").click()
    expect(tool.locator("output[name=part]")).to_have_text("Nothing is chosen yet")
    page.get_by_role("button", name="Region").click()
    expect(page.locator("region-tool, .region-sheet, .is-region")).to_have_count(0)


def edit_bench(page: Page, image: str) -> None:
    """What it shows is what the form holds, and the address says so."""
    page.get_by_role("link", name="Close").click()
    expect(page.locator(".bench")).to_have_count(0)
    expect(page.locator("edit-bench")).to_be_hidden()
    expect(page.locator("[name=source]")).to_have_value("")
    assert page.url.endswith("/")
    page.go_back()
    expect(page.locator(".bench")).to_have_attribute("data-image", image)
    expect(page.locator("[name=source]")).to_have_value(image)
    page.get_by_role("button", name="Remove the photo").click()
    expect(page.locator("edit-bench")).to_be_hidden()


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
    take_away(page)


def batch_progress(page: Page) -> None:
    put(
        page,
        "<batch-progress total=3><progress max=3 value=0></progress><span></span>"
        "<form><button type=button>Stop</button></form></batch-progress>",
    )
    page.evaluate("document.dispatchEvent(new Event('easel:jobs'))")
    expect(page.locator("#room")).to_have_text("3 of 3 done")
    expect(page.locator("#room button")).to_have_count(0)
