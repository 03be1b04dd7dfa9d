"""What a person waits for in the studio and the gallery, in Chromium: `make bench studio`.

First paint and largest paint of the first load and of a later one; from the click on the button
to the card; from the end of a job, as its row has it, to the picture's card in the page. Then a
page of sixty pictures, all in sight, until the last byte of the last one: with nothing kept from
before, with the site's own files kept, and with all kept. The floor is a page with nothing but
these sixty.
"""

import statistics
from datetime import UTC, datetime

from playwright.sync_api import Page, expect

from tests.bench import measure
from tests.bench.__main__ import installation, told_by
from tests.chromium import chromium
from tests.product import Product

_CARDS = 20
_LARGEST = """() => new Promise((done) => {
    new PerformanceObserver((list) => done(list.getEntries().at(-1).startTime))
        .observe({ type: "largest-contentful-paint", buffered: true });
})"""
_WATCH = """() => {
    const at = globalThis.at = { click: 0, card: 0, done: 0 };
    const button = document.querySelector("#create");
    const begin = () => Object.assign(at, { click: Date.now(), card: 0, done: 0 });
    button.addEventListener("click", begin);
    new MutationObserver(() => {
        at.card ||= Date.now();
        const newest = document.querySelector("#jobs > article");
        if (newest?.dataset.state === "succeeded") at.done ||= Date.now();
    }).observe(document.querySelector("#jobs"), { childList: true, subtree: true });
}"""
_PAGES = 7
_COMPLETE = """() => {
    const all = [...document.querySelectorAll("#pictures img")];
    if (!all.length || !all.every((each) => each.naturalWidth)) return 0;
    const loaded = performance.getEntriesByType("resource");
    const pictures = loaded.filter((each) => each.initiatorType === "img");
    return Math.max(...pictures.map((each) => each.responseEnd));
}"""
_BARE = """(addresses) => new Promise((done) => {
    const begun = performance.now();
    let left = addresses.length;
    const over = () => {
        left -= 1;
        if (!left) done(performance.now() - begun);
    };
    document.body.replaceChildren(...addresses.map((each) => {
        const picture = new Image(240, 200);
        picture.onload = over;
        picture.src = each;
        return picture;
    }));
})"""
_ADDRESSES = "[...document.querySelectorAll('#pictures img')].map((each) => each.currentSrc)"
_PICTURES, _NOTHING, _PLAIN = "/gallery/?q=photograph", "/gallery/?q=nothing", "/robots.txt"
_ENDED = "SELECT finished_at FROM studio_job ORDER BY id DESC LIMIT 1"


def main() -> None:
    with installation("sqlite", 1.0) as product, chromium() as browser:
        page = browser.new_context(base_url=product.url).new_page()
        page.goto("/accounts/signup/")
        page.get_by_label("Email").fill("bench@example.com")
        page.get_by_label("Password").fill("a long enough phrase")
        page.get_by_role("button", name="Sign up").click()
        page.wait_for_url("**/")
        for name in ("first load", "later load"):
            print(f"largest paint, {name:20} {_largest(page):7.0f} ms")
        clicks, ends = _cards(page, product)
        for name, times in (("click to card", clicks), ("end of job to card", ends)):
            print(f"{name:35} {statistics.median(times):7.0f} ms, at most {max(times):.0f}")
        told_by("drawn", product, "60", "bench@example.com")
        page.set_viewport_size({"width": 1440, "height": 3200})
        page.goto(_PICTURES)
        page.wait_for_function(_COMPLETE)
        addresses = page.evaluate(_ADDRESSES)
        for name, load in (
            ("floor: nothing but 60 pictures", lambda: _bare(page, addresses)),
            ("60 pictures, nothing kept", lambda: _pictures(page, before=_PLAIN)),
            ("60 pictures, all but them kept", lambda: _pictures(page, before=_NOTHING)),
            ("60 pictures, all kept", lambda: _pictures(page, before="")),
        ):
            before = measure.cpu_seconds(product.processes["web"].pid)
            times = [load() for _ in range(_PAGES)]
            after = measure.cpu_seconds(product.processes["web"].pid)
            print(
                f"{name:35} {statistics.median(times):7.0f} ms, at least {min(times):.0f}; "
                f"{1000 * (after - before) / _PAGES:.0f} ms of the server's CPU"
            )


def _largest(page: Page) -> float:
    page.goto("/")
    page.wait_for_load_state("networkidle")
    found: float = page.evaluate(_LARGEST)
    return found


def _cards(page: Page, product: Product) -> tuple[list[float], list[float]]:
    page.evaluate(_WATCH)
    clicks, ends = [], []
    for number in range(_CARDS):
        page.get_by_label("Prompt", exact=True).first.fill(f"lake {number}")
        page.locator("#create").click()
        expect(page.get_by_role("img", name=f"lake {number}", exact=True)).to_be_visible()
        at = page.evaluate("at")
        clicks.append(at["card"] - at["click"])
        ends.append(at["done"] - _milliseconds(product.query(_ENDED)[0][0]))
    return clicks, ends


def _bare(page: Page, addresses: list[str]) -> float:
    _forget(page)
    page.goto(_PLAIN)
    found: float = page.evaluate(_BARE, addresses)
    return found


def _pictures(page: Page, *, before: str) -> float:
    """From the navigation to the last thumbnail. All is forgotten `before` some page, if any."""
    if before:
        _forget(page)
    page.goto(before or _PLAIN)
    page.wait_for_load_state("networkidle")
    page.goto(_PICTURES)
    found: float = page.wait_for_function(_COMPLETE).json_value()
    return found


def _forget(page: Page) -> None:
    browser = page.context.new_cdp_session(page)
    browser.send("Network.clearBrowserCache")
    browser.detach()


def _milliseconds(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000


if __name__ == "__main__":
    main()
