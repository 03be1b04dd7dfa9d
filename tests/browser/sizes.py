"""At which widths a page is driven, and with which photographs: a phone, a tablet, a desk.

Each test is quick at one of them, and `long` at the others.
"""

import pytest
from playwright.sync_api import Page

from tests.product import until

WIDTHS = (360, 768, 1440)
MEGAPIXELS = (8, 18, 24)


def every_width(quick: int) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "width", [_param(each, is_quick=each == quick) for each in WIDTHS]
    )


def every_photograph() -> pytest.MarkDecorator:
    """At every width; quick with one each."""
    pairs = [(width, megapixels) for width in WIDTHS for megapixels in MEGAPIXELS]
    quick = set(zip(WIDTHS, MEGAPIXELS, strict=True))
    each = [_param(*pair, is_quick=pair in quick) for pair in pairs]
    return pytest.mark.parametrize(("width", "megapixels"), each)


def fits(page: Page) -> None:
    """Nothing is cut off at the right, once the page that was asked for is there."""
    inside = "document.body && document.documentElement.scrollWidth <= innerWidth"
    until(lambda: page.evaluate(inside), f"{page.url} fitting its width", 5)


def _param(*values: int, is_quick: bool) -> object:
    return pytest.param(*values, marks=() if is_quick else pytest.mark.long)
