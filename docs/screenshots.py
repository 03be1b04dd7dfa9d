"""Takes pictures of the running product, as `make screenshots` does.

The two of the README go to docs/images; every page in every state, at phone and desktop width,
light and dark, goes to build/screenshots, to be looked at.
"""

import io
import re
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from docs import studio_states
from studio.engines.contract import EngineRequest
from studio.engines.sketch import SketchEngine
from tests.chromium import chromium
from tests.product import ROOT, Product

PROMPTS = (
    "a quiet lake with mountains at sunset in autumn",
    "poppies and daisies in a meadow, day",
    'a city at night, "Open late"',
    "a forest in snow",
    "portrait of a woman, sunset",
    "the sea by day",
)
SHAPES = ("1360x768", "1024x1024", "1184x896", "896x1184", "1024x1024", "1360x768")
BUILD = ROOT / "build" / "screenshots"
IMAGES = ROOT / "docs" / "images"
PATIENCE_MS = 60_000  # other work may go on beside it


def main() -> None:
    shutil.rmtree(BUILD, ignore_errors=True)
    BUILD.mkdir(parents=True)
    IMAGES.mkdir(exist_ok=True)
    expect.set_options(timeout=PATIENCE_MS)
    with (
        tempfile.TemporaryDirectory() as folder,
        chromium() as browser,
        Product(Path(folder), ENGINE="sketch") as product,
    ):
        photo = _photo(Path(folder))
        for width in (1440, 390):
            for scheme in ("light", "dark"):
                _tour(browser, product, photo, width, scheme)


def _photo(folder: Path) -> Path:
    """Our own engine's, saved as a camera would."""
    request = EngineRequest(
        model="",
        operation="generate",
        prompt="mountains, day, spring",
        size=(1360, 1024),
        seed=11,
        deadline_seconds=30,
    )
    made = Image.open(io.BytesIO(SketchEngine().run(request).data))
    made.save(folder / "hillside.jpg", quality=92)
    return folder / "hillside.jpg"


def _tour(browser: Browser, product: Product, photo: Path, width: int, scheme: str) -> None:
    context = browser.new_context(
        base_url=product.url,
        viewport={"width": width, "height": 844 if width < 600 else 900},
        device_scale_factor=2 if width < 600 else 1,
        color_scheme="dark" if scheme == "dark" else "light",
        has_touch=width < 600,
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    shoot = _Camera(page, f"{width}-{scheme}")
    email = f"ada-{width}-{scheme}@example.com"
    _arrive(page, shoot, email)
    studio_states.first_run(page, shoot)
    product.manage("credit", email, "4.85", "--reason", "pictures for the docs")
    _make(page, shoot)
    _edit(page, shoot, photo)
    _work(page, shoot)
    studio_states.words(page, shoot)
    studio_states.many(page, shoot)
    _find(page, shoot)
    _share(page, shoot)
    _keys(page, shoot)
    _team(page, shoot, product)
    _fail(page, shoot)
    studio_states.troubles(page, product, email, shoot)
    studio_states.unreached(page, shoot)
    if (width, scheme) == (1440, "light"):
        shutil.copy(BUILD / "1440-light-studio.png", IMAGES / "studio.png")
    if (width, scheme) == (1440, "dark"):
        shutil.copy(BUILD / "1440-dark-image.png", IMAGES / "image.png")
    context.close()


class _Camera:
    def __init__(self, page: Page, prefix: str) -> None:
        self._page = page
        self.prefix = prefix

    def __call__(self, name: str, *, whole: bool = False) -> None:
        self._page.evaluate("document.fonts.ready")
        self._page.screenshot(path=BUILD / f"{self.prefix}-{name}.png", full_page=whole)


def _arrive(page: Page, shoot: _Camera, email: str) -> None:
    page.goto("/")
    shoot("welcome")
    page.goto("/accounts/login/")
    shoot("sign-in")
    page.goto("/accounts/signup/")
    shoot("sign-up")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill("12345678")
    page.get_by_role("button", name="Sign up").click()
    shoot("sign-up-refused")
    page.get_by_label("Password").fill("a long enough phrase")
    page.get_by_role("button", name="Sign up").click()
    page.wait_for_url("**/")
    shoot("first-run")


def _make(page: Page, shoot: _Camera) -> None:
    for number, (prompt, shape) in enumerate(zip(PROMPTS, SHAPES, strict=True)):
        page.goto("/")
        page.get_by_label("Prompt", exact=True).first.fill(prompt)
        page.evaluate(
            "shape => { const each = document.querySelector(`input[name=size][value='${shape}']`);"
            " each.checked = true; each.dispatchEvent(new Event('change', {bubbles: true})); }",
            shape,
        )
        page.get_by_role("button", name="Create").first.click()
        if number == 0:
            expect(page.locator("article").first).to_be_visible()
            shoot("working")
        expect(page.get_by_role("img", name=prompt).first).to_be_visible()
    page.goto("/")
    _pictures_are_there(page)
    shoot("studio")
    page.get_by_text("Settings", exact=True).first.click()
    shoot("settings", whole=True)
    page.get_by_text("Settings", exact=True).first.click()


def _edit(page: Page, shoot: _Camera, photo: Path) -> None:
    page.locator("input[type=file]").first.set_input_files(photo)
    page.get_by_label("Prompt", exact=True).first.fill("make it a watercolour painting")
    expect(page.locator("#photo-image")).to_have_attribute("src", re.compile("^blob:"))
    shoot("photo")
    page.get_by_role("button", name="Edit").first.click()
    expect(page.get_by_role("img", name="make it a watercolour painting").first).to_be_visible()
    _pictures_are_there(page)
    shoot("edited")


def _work(page: Page, shoot: _Camera) -> None:
    """Further steps, a branch beside them, before and after, and a region of the picture."""
    for words in ("make it a pencil drawing", "add snow"):
        _go_on(page, words)
    page.locator(".chain-link").nth(1).click()
    expect(page.locator(".bench-image[alt='make it a watercolour painting']")).to_be_visible()
    _go_on(page, "make it a sunset")
    _pictures_are_there(page)
    shoot("chain")
    page.get_by_role("button", name="Compare").click()
    _pictures_are_there(page)
    shoot("compare")
    page.get_by_role("button", name="Region").click()
    box = page.locator(".region-canvas").evaluate("each => each.getBoundingClientRect().toJSON()")
    points = ((0.3, 0.45), (0.45, 0.3), (0.6, 0.42), (0.72, 0.35))
    for number, (x, y) in enumerate(points):
        page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * y, steps=8)
        if number == 0:
            page.mouse.down()
    page.mouse.up()
    shoot("region")
    _go_on(page, "black and white")
    _pictures_are_there(page)
    shoot("region-made")
    page.get_by_role("link", name="Close").click()


def _go_on(page: Page, words: str) -> None:
    page.get_by_label("Prompt").first.fill(words)
    page.get_by_role("button", name="Edit").first.click()
    expect(page.locator(f".bench-image[alt='{words}']")).to_be_visible()


def _find(page: Page, shoot: _Camera) -> None:
    page.goto("/gallery/")
    _pictures_are_there(page)
    shoot("gallery")
    page.goto("/collections/")
    shoot("collections")
    page.goto("/gallery/trash/")
    shoot("trash")
    page.goto("/gallery/")
    page.get_by_role("img", name=PROMPTS[0]).click()
    page.wait_for_url("**/images/**")
    _pictures_are_there(page)
    shoot("image")
    shoot("image-whole", whole=True)
    for name in ("email/", "password/change/", "2fa/", "webhooks/", "logout/"):
        page.goto(f"/accounts/{name}")
        shoot(f"account-{name.split('/')[0]}")


def _share(page: Page, shoot: _Camera) -> None:
    page.goto("/gallery/")
    page.locator("main a:has(img)").first.click()
    page.get_by_text("Sizes, formats").click()
    shoot("image-download", whole=True)
    page.keyboard.press("f")
    shoot("image-window")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Share").click()
    page.get_by_label("Compare edits").check()
    shoot("link-new", whole=True)
    page.get_by_role("button", name="Make the link").click()
    address = page.get_by_label("Address").input_value()
    shoot("link", whole=True)
    page.goto("/links/")
    shoot("links")
    page.goto(address)
    _pictures_are_there(page)
    shoot("shared", whole=True)
    page.goto("/verify/")
    shoot("verify")


def _keys(page: Page, shoot: _Camera) -> None:
    page.goto("/accounts/keys/")
    shoot("keys-none")
    for name, cap in (("Nightly posters", "5"), ("The shop’s server", "")):
        page.goto("/accounts/keys/new")
        page.get_by_label("Name").fill(name)
        page.get_by_label("Monthly cap").fill(cap)
        shoot("key-new", whole=True)
        page.get_by_role("button", name="Make the key").click()
        expect(page.get_by_label("Your new key")).to_be_visible()
    shoot("key-made", whole=True)
    page.goto("/accounts/keys/")
    shoot("keys", whole=True)
    page.get_by_role("link", name="Revoke").first.click()
    shoot("key-revoke")


def _team(page: Page, shoot: _Camera, product: Product) -> None:
    page.get_by_role("button", name="Workspace").click()
    page.get_by_role("link", name="Make a team").click()
    shoot("team-new")
    page.get_by_label("Name").fill("Poster workshop")
    page.get_by_role("button", name="Make the team").click()
    page.get_by_role("link", name="Move credit here").click()
    page.get_by_label("Dollars").fill("1.5")
    shoot("team-credit")
    page.get_by_role("button", name="Move it").click()
    for name, role in (("ben", "Member"), ("vera", "Viewer")):
        page.get_by_label("Email").fill(f"{name}-{shoot.prefix}@example.com")
        page.get_by_label(role).check()
        page.get_by_role("button", name="Send the invitation").click()
    _join(page, shoot, product, f"ben-{shoot.prefix}@example.com")
    page.reload()
    shoot("team", whole=True)
    page.get_by_role("button", name="Workspace").click()
    shoot("team-menu")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Change ben").click()
    shoot("team-member", whole=True)
    page.go_back()
    page.get_by_role("link", name="Delete the team").click()
    shoot("team-delete")
    page.goto("/gallery/")
    shoot("team-gallery")
    page.locator("main a:has(img)").first.click()
    page.wait_for_url("**/images/**")
    page.get_by_role("link", name="Move or copy").click()
    shoot("image-move")
    page.get_by_role("button", name="Copy").click()
    page.get_by_role("button", name="Workspace").click()
    page.get_by_role("button", name="Personal").click()
    shoot("image-elsewhere")


def _join(page: Page, shoot: _Camera, product: Product, email: str) -> None:
    """Another person's browser, which makes a picture for the team."""
    letter = product.log("web").rpartition(f"To: {email}")[2]
    link = re.search(r"http://[^/\s]+/accounts/join/[\w-]+", letter)
    browser = page.context.browser
    if not (link and browser):
        raise LookupError(email)
    options = {"viewport": page.viewport_size, "color_scheme": shoot.prefix.rpartition("-")[2]}
    other = browser.new_context(base_url=product.url, **options).new_page()  # type: ignore[arg-type]
    other.set_default_timeout(PATIENCE_MS)
    theirs = _Camera(other, shoot.prefix)
    other.goto(link[0])
    theirs("team-invitation")
    other.get_by_role("link", name="Sign up to join").click()
    other.get_by_label("Password").fill("a long enough phrase")
    other.get_by_role("button", name="Sign up").click()
    theirs("team-join")
    other.get_by_role("button", name="Join the team").click()
    other.get_by_label("Prompt").first.fill(PROMPTS[0])
    other.get_by_role("button", name="Create").first.click()
    expect(other.get_by_role("img", name=PROMPTS[0]).first).to_be_visible()
    page.goto("/")
    _pictures_are_there(page)
    shoot("team-studio")
    page.go_back()
    other.context.close()


def _fail(page: Page, shoot: _Camera) -> None:
    page.goto("/")
    page.get_by_label("Prompt", exact=True).first.fill("x" * 520)
    page.get_by_role("button", name="Create").first.click()
    expect(page.get_by_role("alert")).to_be_visible()
    shoot("refused")
    page.goto("/nowhere")
    shoot("not-found")
    page.goto("/")


def _pictures_are_there(page: Page) -> None:
    """All that are on the screen are loaded, and have faded in."""
    page.wait_for_function(
        "() => [...document.querySelectorAll('main img')].filter(each => {"
        " const box = each.getBoundingClientRect(); return box.top < innerHeight && box.width; })"
        ".every(each => each.complete && each.naturalWidth)"
        " && document.getAnimations().every(each => each.playState === 'finished')"
    )


if __name__ == "__main__":
    main()
