"""What a person waits for in the studio and the gallery, in Chromium: `make bench studio`.

First paint and largest paint of the first load and of a later one; from the click on the button
to the card; from the end of a job, as its row has it, to the picture's card in the page. Then a
page of sixty pictures, all in sight, until the last one is there, the first time and again.
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
        for name, is_new in (("60 pictures, the first time", True), ("60 pictures, again", False)):
            times, cpu_ms = _gallery(page, product, is_new=is_new)
            print(
                f"{name:35} {statistics.median(times):7.0f} ms, at least {min(times):.0f},"
                f" {cpu_ms:.0f} of them the server's CPU"
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


def _gallery(page: Page, product: Product, *, is_new: bool) -> tuple[list[float], float]:
    """From the navigation to the last thumbnail; and what a page costs the web process."""
    browser = page.context.new_cdp_session(page)
    web, times = product.processes["web"].pid, []
    before = measure.cpu_seconds(web)
    for _ in range(_PAGES):
        if is_new:
            browser.send("Network.clearBrowserCache")
        page.goto("about:blank")
        page.goto("/gallery/?q=photograph")
        times.append(page.wait_for_function(_COMPLETE).json_value())
    return times, 1000 * (measure.cpu_seconds(web) - before) / _PAGES


def _milliseconds(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000


if __name__ == "__main__":
    main()
