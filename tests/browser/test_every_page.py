"""axe finds nothing on any page, light and dark: every page that the URLconf leads to.

What only shows once something was pressed: test_studio_weight.
"""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from accounts.models import User, Workspace
from tests.browser import every_page
from tests.browser.every_page import Shown
from tests.chromium import chromium
from tests.config.scene import workspace  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]
ALL = {"resultTypes": ["violations"]}
COLOURS = ALL | {"runOnly": {"type": "rule", "values": ["color-contrast"]}}


@pytest.mark.parametrize(
    ("pages", "width"),
    [
        (every_page.of_people, 390),
        pytest.param(every_page.of_people, 1440, marks=pytest.mark.long),
        pytest.param(every_page.of_the_admin, 1440, marks=pytest.mark.long),
    ],
)
def test_axe_finds_nothing_on_any_page(
    ada: User,
    workspace: Workspace,  # noqa: F811
    pages: Callable[[User, Workspace], list[Shown]],
    width: int,
) -> None:
    shown = pages(ada, workspace)
    assert len(shown) > 30
    with chromium() as browser:
        page = browser.new_page(viewport={"width": width, "height": 900})
        stage = every_page.Stage(page)
        said = {each.name: violations(page, stage, each) for each in shown}
    wrong = [f"{name}: {each}" for name, found in said.items() for each in found]
    assert not wrong, "\n".join(wrong)


def violations(page: Page, stage: every_page.Stage, shown: Shown) -> list[Any]:
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    stage.show(shown)
    light = _run(page, ALL)
    page.emulate_media(color_scheme="dark")
    return light + [("dark", *each) for each in _run(page, COLOURS)]


def _run(page: Page, options: dict[str, Any]) -> list[Any]:
    page.wait_for_function(
        "() => document.getAnimations().every(each => each.playState === 'finished')"
    )
    found: Any = Axe().run(page, options=options).response["violations"]
    return [(each["id"], [node["html"][:150] for node in each["nodes"][:3]]) for each in found]
