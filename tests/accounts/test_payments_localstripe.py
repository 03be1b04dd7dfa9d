"""Stripe as somebody else understands it: localstripe signs, charges and refunds.

It has neither Checkout sessions nor disputes; those are asked of tests.stripe.strict.
"""

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from accounts.payments import client, webhooks
from accounts.payments.webhooks import NotStripes
from tests.product import free_port, until

KEY, SECRET = "sk_test_12345", "whsec_local"


@dataclass
class Local:
    http: httpx.Client
    heard: list[tuple[bytes, str]] = field(default_factory=list)

    def post(self, path: str, **fields: str) -> Any:
        return self.http.post(path, data=fields).raise_for_status().json()


@pytest.fixture(scope="module")
def localstripe() -> Iterator[Local]:
    program = shutil.which("localstripe") or str(Path(sys.executable).parent / "localstripe")
    port = free_port()
    process = subprocess.Popen(
        [program, "--port", str(port), "--from-scratch"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", auth=(KEY, "")) as http:
        local = Local(http)
        hook = _listening(local)
        try:
            until(lambda: _answers(http), "localstripe answering")
            url = f"http://127.0.0.1:{hook.server_address[1]}/"
            http.post("/_config/webhooks/easel", data={"url": url, "secret": SECRET})
            yield local
        finally:
            process.terminate()
            process.wait(10)
            hook.shutdown()
            hook.server_close()


def _answers(http: httpx.Client) -> bool:
    try:
        return http.get("/v1/customers").is_success
    except httpx.TransportError:
        return False


def _listening(local: Local) -> HTTPServer:
    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            local.heard.append((body, self.headers["stripe-signature"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.fixture
def paid(localstripe: Local, settings: Any) -> Any:
    """A payment intent of $10, of which $4 went back."""
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = KEY, SECRET
    settings.STRIPE_API_BASE = str(localstripe.http.base_url).rstrip("/")
    card = {"card[number]": "4242424242424242", "card[exp_month]": "12", "card[cvc]": "123"}
    fields = {"type": "card", "card[exp_year]": "2039", **card}
    method = localstripe.post("/v1/payment_methods", **fields)["id"]
    customer = localstripe.post("/v1/customers", email="ada@example.com")["id"]
    localstripe.post(f"/v1/payment_methods/{method}/attach", customer=customer)
    order = {"amount": "1000", "currency": "usd", "confirm": "true", "customer": customer}
    intent = localstripe.post("/v1/payment_intents", payment_method=method, **order)
    localstripe.post("/v1/refunds", payment_intent=intent["id"], amount="400")
    return intent


def test_what_it_signs_is_heard_and_nothing_else(localstripe: Local, paid: Any) -> None:
    def about_it() -> list[tuple[bytes, str]]:
        return [each for each in localstripe.heard if paid["id"].encode() in each[0]]

    body, signature = until(about_it, "the webhook")[0]
    webhooks.check_signature(body, signature)
    told = client.told(json.loads(body))
    assert (told.type, told.object_id) == ("payment_intent.succeeded", paid["id"])
    with pytest.raises(NotStripes):
        webhooks.check_signature(body + b" ", signature)


def test_what_it_says_of_a_payment_is_read(paid: Any) -> None:
    with client._asked() as stripe:
        intent = stripe.payment_intents.retrieve(paid["id"], {"expand": ["latest_charge"]})
        refunds = stripe.refunds.list({"payment_intent": paid["id"], "limit": 100}).data
    session = {"id": "cs_1", "status": "complete", "payment_status": "paid", "livemode": False}
    said = {"amount_received": 1_000} | intent.to_dict()  # which it leaves out
    found = client._session(
        {**session, "currency": "usd", "amount_total": 1_000, "payment_intent": said}
    )
    assert (found.intent_id, found.intent_status) == (paid["id"], "succeeded")
    assert (found.received_micros, found.received_currency) == (10_000_000, "usd")
    (back,) = (client._going(client.Reversal.Kind.REFUND, each.to_dict()) for each in refunds)
    assert (back.amount_micros, back.currency, back.status) == (4_000_000, "usd", "succeeded")
