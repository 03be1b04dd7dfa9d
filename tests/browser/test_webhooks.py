"""A person tells Easel where their program listens, and sees on the page that it hears."""

import pytest
from playwright.sync_api import expect

from tests.browser.sizes import fits
from tests.browser.test_main_job import OpenPage, sign_up
from tests.studio.webhook_receiver import Receiver, status


@pytest.mark.parametrize("width", [1440, 390])
def test_a_webhook_is_added_tried_and_heard(open_page: OpenPage, width: int) -> None:
    with Receiver() as receiver:
        page = open_page(width)
        sign_up(page, f"hooks-{width}")
        page.goto("/accounts/webhooks/")
        page.get_by_role("link", name="Add a webhook").click()
        page.get_by_label("Address").fill("http://10.0.0.5/")
        page.get_by_role("button", name="Add it").click()
        expect(page.get_by_text("10.0.0.5 is at a private address")).to_be_visible()
        page.get_by_label("Address").fill(receiver.url)
        page.get_by_role("button", name="Add it").click()
        secret = page.get_by_label("Secret").input_value()
        page.get_by_role("link", name="I have kept it").click()

        receiver.does = [status(500, b"no table")]
        page.get_by_role("button", name="Send a test").click()
        expect(page.get_by_text("Given up. It answered 500.")).to_be_visible()
        page.get_by_text("Details").click()
        expect(page.get_by_text("no table")).to_be_visible()
        page.get_by_role("button", name="Send again").click()
        expect(page.get_by_text("Delivered (204)")).to_be_visible()
        first, second = (each.verified(secret) for each in receiver.received)
        assert first == second
        assert first["type"] == "webhook.test"
        fits(page)
