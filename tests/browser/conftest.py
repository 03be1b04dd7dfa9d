from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.chromium import chromium
from tests.product import Product
from tests.shapes import running

expect.set_options(timeout=20_000)  # other tests run at the same time
OpenPage = Callable[..., Page]
_HERE = Path(__file__).parent
_SECONDS = 300  # the first one waits for the product to start


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "complains(*words): the console may say these")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All that is in this folder drives a browser."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))
            if not item.get_closest_marker("timeout"):
                item.add_marker(pytest.mark.timeout(_SECONDS))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for a module: while it runs, this thread can ask no database."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def product(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Product]:
    """As `make run` has it, or in the shape that a test asks for."""
    folder, shape = tmp_path_factory.mktemp("browser"), getattr(request, "param", "embedded")
    with running(shape, folder, ENGINE="sketch", WEBHOOK_PRIVATE_HOSTS="127.0.0.1") as product:
        yield product


@pytest.fixture
def open_page(
    browser: Browser, product: Product, request: pytest.FixtureRequest
) -> Iterator[OpenPage]:
    """Makes pages of a width in a fresh profile; whatever they complain of fails the test.

    But for a 422, and for the words that the test expects: `@pytest.mark.complains("403")`.
    """
    marker = request.node.get_closest_marker("complains")
    expected = ("422", *(marker.args if marker else ()))
    contexts, complaints = [], []

    def new(width: int, scheme: str = "light") -> Page:
        context = browser.new_context(
            base_url=product.url,
            viewport={"width": width, "height": 844 if width < 600 else 900},
            color_scheme=scheme,  # type: ignore[arg-type]
            has_touch=width < 600,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda said: (
                complaints.append(said.text)
                if said.type == "error" and not any(each in said.text for each in expected)
                else None
            ),
        )
        return page

    yield new
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photograph as a phone takes it: 8 megapixels, JPEG, lying on its side with EXIF."""
    import numpy as np
    from PIL import Image

    random = np.random.default_rng(7)
    y, x = np.mgrid[0:2448, 0:3264]
    light = 120 + 60 * np.sin(x / 300) + 50 * np.cos(y / 220)
    pixels = np.stack([light, light * 0.9, 255 - light], axis=-1)
    pixels += random.normal(0, 6, pixels.shape)
    file = tmp_path_factory.mktemp("photo") / "IMG_0001.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees to see it upright
    Image.fromarray(pixels.clip(0, 255).astype("uint8")).save(file, quality=90, exif=exif)
    return file
