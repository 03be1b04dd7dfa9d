"""A server as strict as Stripe's documentation, for Checkout and what becomes of its money.

    with StrictStripe() as stripe:
        stripe.pay(session_id)             as the payer does on Stripe's page
        stripe.refund(intent_id, 200)      as the operator does in the Dashboard
        event = stripe.events[-1]          of all that happened, whether it was delivered or not
        stripe.deliver(event)              to `hook`, signed; returns the status

Calls are refused that Stripe refuses: another key, another version than the library's, JSON in
place of a form, parameters that nobody knows, a POST without `Idempotency-Key`, and one key with
two contents. `GET /c/pay/{id}` is its page for people, with a button and no script.
"""

import copy
import hmac
import html
import json
import secrets
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

import httpx

VERSION = "2026-10-28.endive"  # the one of the stripe package in requirements.txt
KEY, WEBHOOK_SECRET = "sk_test_strict", "whsec_strict"
_CREATE = {
    "mode",
    "submit_type",
    "line_items[0][quantity]",
    "line_items[0][price_data][currency]",
    "line_items[0][price_data][unit_amount]",
    "line_items[0][price_data][product_data][name]",
    "client_reference_id",
    "customer_email",
    "metadata[payment]",
    "metadata[workspace]",
    "payment_intent_data[metadata][payment]",
    "payment_intent_data[metadata][workspace]",
    "payment_intent_data[description]",
    "adaptive_pricing[enabled]",
    "success_url",
    "cancel_url",
}
_LIST = {"limit", "starting_after", "payment_intent"}
Row = dict[str, Any]


class No(Exception):
    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status, self.kind = status, kind


class StrictStripe:
    """`hook` is where events are delivered to, when `delivers` says so or `deliver` is called."""

    def __init__(self, *, hook: str = "", delivers: bool = False, port: int = 0) -> None:
        self.hook, self.delivers = hook, delivers
        self.sessions: dict[str, Row] = {}
        self.intents: dict[str, Row] = {}
        self.refunds: dict[str, Row] = {}
        self.disputes: dict[str, Row] = {}
        self.events: list[Row] = []
        self.calls: Counter[str] = Counter()
        self.refusals: list[str] = []
        self.faults: deque[str] = deque()  # "500", "drop": for each of the next calls
        self.once: dict[str, tuple[bytes, Row]] = {}
        self.before_answer: Callable[[str], None] = lambda _path: None
        self.lock = threading.RLock()
        self._count = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _Handler)
        self._server.daemon_threads = True
        self._server.strict = self  # type: ignore[attr-defined]
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.variables = {
            "STRIPE_SECRET_KEY": KEY,
            "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "STRIPE_API_BASE": self.url,
        }
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    # What people do

    def pay(self, session_id: str, *, later: bool = False, **charge: Any) -> Row:
        """`later`: by a way that takes days. Other arguments change what arrives."""
        with self.lock:
            session = self.sessions[session_id]
            assert session["status"] == "open"
            intent = self._intent(session, charge)
            session |= {"status": "complete", "payment_intent": intent["id"], "url": None}
            if later:
                return self._happened("checkout.session.completed", session)
            return self._arrived(session, intent, "completed")

    def arrive(self, session_id: str) -> Row:
        """What was to come later."""
        with self.lock:
            session = self.sessions[session_id]
            intent = self.intents[session["payment_intent"]]
            return self._arrived(session, intent, "async_payment_succeeded")

    def fail(self, session_id: str) -> Row:
        with self.lock:
            session = self.sessions[session_id]
            self.intents[session["payment_intent"]]["status"] = "requires_payment_method"
            return self._happened("checkout.session.async_payment_failed", session)

    def expire(self, session_id: str) -> Row:
        with self.lock:
            self.sessions[session_id] |= {"status": "expired", "url": None}
            return self._happened("checkout.session.expired", self.sessions[session_id])

    def refund(self, intent_id: str, cents: int, *, status: str = "succeeded") -> Row:
        with self.lock:
            row = self._row("re", "refund", amount=cents, currency="usd", status=status)
            row["payment_intent"] = intent_id
            self.refunds[row["id"]] = row
            return self._happened("refund.created", row)

    def change_refund(self, refund_id: str, status: str) -> Row:
        with self.lock:
            self.refunds[refund_id]["status"] = status
            kind = "refund.failed" if status == "failed" else "refund.updated"
            return self._happened(kind, self.refunds[refund_id])

    def dispute(self, intent_id: str, cents: int, *, status: str = "needs_response") -> Row:
        with self.lock:
            row = self._row("du", "dispute", amount=cents, currency="usd", status=status)
            due = int(time.time()) + 7 * 86_400
            row |= {"payment_intent": intent_id, "evidence_details": {"due_by": due}}
            self.disputes[row["id"]] = row
            return self._happened("charge.dispute.created", row)

    def change_dispute(self, dispute_id: str, status: str) -> Row:
        with self.lock:
            self.disputes[dispute_id]["status"] = status
            is_over = status in ("won", "lost", "warning_closed")
            kind = f"charge.dispute.{'closed' if is_over else 'updated'}"
            return self._happened(kind, self.disputes[dispute_id])

    # Webhooks

    def deliver(self, event: Row) -> int:
        body = json.dumps(event).encode()
        headers = {"Stripe-Signature": sign(body), "Content-Type": "application/json"}
        return httpx.post(self.hook, content=body, headers=headers, timeout=30).status_code

    def _happened(self, kind: str, about: Row) -> Row:
        event = self._row("evt", "event", type=kind, data={"object": copy.deepcopy(about)})
        event |= {"api_version": VERSION, "pending_webhooks": 1, "request": None}
        self.events.append(event)
        if self.delivers:
            threading.Thread(target=self.deliver, args=(event,), daemon=True).start()
        return event

    # Rows

    def _row(self, prefix: str, kind: str, **fields: Any) -> Row:
        self._count += 1
        name = f"{prefix}_{self._count:04}{secrets.token_hex(6)}"
        return {
            "id": name,
            "object": kind,
            "created": int(time.time()),
            "livemode": False,
            **fields,
        }

    def _intent(self, session: Row, charge: Row) -> Row:
        cents = session["amount_total"]
        intent = self._row("pi", "payment_intent", amount=cents, currency="usd", amount_received=0)
        intent |= {"status": "processing", "metadata": session["metadata"], "latest_charge": None}
        self.intents[intent["id"]] = intent | charge
        return self.intents[intent["id"]]

    def _arrived(self, session: Row, intent: Row, kind: str) -> Row:
        card = {"type": "card", "card": {"brand": "visa", "last4": "4242"}}
        paid = self._row("ch", "charge", payment_method_details=card, paid=True)
        intent["latest_charge"] = paid | {"payment_intent": intent["id"]}
        intent["status"] = "succeeded"
        intent["amount_received"] = intent["amount_received"] or intent["amount"]
        session["payment_status"] = "paid"
        return self._happened(f"checkout.session.{kind}", session)

    def create_session(self, fields: dict[str, str]) -> Row:
        unknown = fields.keys() - _CREATE
        if unknown:
            raise No(400, "parameter_unknown", f"Received unknown parameters: {sorted(unknown)}")
        missing = _CREATE - fields.keys()
        if missing:
            raise No(400, "parameter_missing", f"Missing required params: {sorted(missing)}")
        cents = fields["line_items[0][price_data][unit_amount]"]
        if not cents.isdigit() or not 50 <= int(cents) <= 99_999_999:
            raise No(400, "amount_too_small", f"Invalid amount {cents}")
        for name in ("success_url", "cancel_url"):
            if urlsplit(fields[name]).scheme not in ("http", "https"):
                raise No(400, "url_invalid", "Not a valid URL")
        row = self._row("cs_test", "checkout.session", status="open", payment_status="unpaid")
        row |= {
            "mode": fields["mode"],
            "client_reference_id": fields["client_reference_id"],
            "customer_email": fields["customer_email"],
            "metadata": {name: fields[f"metadata[{name}]"] for name in ("payment", "workspace")},
            "currency": fields["line_items[0][price_data][currency]"],
            "amount_total": int(cents),
            "success_url": fields["success_url"],
            "cancel_url": fields["cancel_url"],
            "payment_intent": None,
            "url": f"{self.url}/c/pay/{row['id']}",
        }
        self.sessions[row["id"]] = row
        return row

    def get_session(self, name: str, query: dict[str, str]) -> Row:
        if name not in self.sessions:
            raise No(404, "resource_missing", f"No such checkout.session: {name}")
        if query.keys() - {"expand[0]"}:
            raise No(400, "parameter_unknown", f"Received unknown parameters: {sorted(query)}")
        row = copy.deepcopy(self.sessions[name])
        if query.get("expand[0]") == "payment_intent.latest_charge" and row["payment_intent"]:
            row["payment_intent"] = copy.deepcopy(self.intents[row["payment_intent"]])
        return row

    def list_of(self, path: str, rows: list[Row], query: dict[str, str]) -> Row:
        """The newest first, as Stripe lists."""
        known = _LIST | {"created[gte]", *(f"types[{number}]" for number in range(20))}
        if query.keys() - known:
            raise No(400, "parameter_unknown", f"Received unknown parameters: {sorted(query)}")
        limit = int(query.get("limit", "10"))
        if not 1 <= limit <= 100:
            raise No(400, "parameter_invalid_integer", "limit is from 1 to 100")
        intent = query.get("payment_intent")
        types = {value for name, value in query.items() if name.startswith("types[")}
        found = [
            row
            for row in reversed(rows)
            if (intent is None or row["payment_intent"] == intent)
            and (not types or row["type"] in types)
            and row["created"] >= int(query.get("created[gte]", "0"))
        ]
        if after := query.get("starting_after"):
            found = found[[row["id"] for row in found].index(after) + 1 :]
        page = found[:limit]
        return {
            "object": "list",
            "url": path,
            "has_more": len(found) > limit,
            "data": copy.deepcopy(page),
        }


def sign(body: bytes, *, at: float | None = None, secret: str = WEBHOOK_SECRET) -> str:
    """By hand, as the documentation of webhooks says it."""
    moment = int(time.time() if at is None else at)
    signed = f"{moment}.".encode() + body
    return f"t={moment},v1={hmac.new(secret.encode(), signed, sha256).hexdigest()},v0=0"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    @property
    def strict(self) -> StrictStripe:
        return self.server.strict  # type: ignore[attr-defined,no-any-return]

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""

    def do_GET(self) -> None:
        path = urlsplit(self.path)
        if path.path.startswith("/c/pay/"):
            self._page(path.path.rpartition("/")[2])
            return
        if not path.path.startswith("/v1/"):  # what browsers ask for unasked
            self._empty(204)
            return
        query = dict(parse_qsl(path.query, strict_parsing=bool(path.query)))
        self._call(path.path, lambda: self._read(path.path, query))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.path.startswith("/c/pay/"):
            self._pay(self.path.rpartition("/")[2])
        else:
            self._call(self.path, lambda: self._write(self.path, body))

    # The API

    def _call(self, path: str, act: Callable[[], Row]) -> None:
        strict = self.strict
        with strict.lock:
            strict.calls[f"{self.command} {path}"] += 1
            fault = strict.faults.popleft() if strict.faults else ""
        if fault == "drop":
            self.close_connection = True
            return
        if fault:
            self._answer(int(fault), {"error": {"type": "api_error", "message": "out of order"}})
            return
        try:
            with strict.lock:
                self._check()
                answer = act()
        except No as no:
            strict.refusals.append(str(no))
            kind = "invalid_request_error"
            error = {"type": kind, "code": no.kind, "message": str(no)}
            self._answer(no.status, {"error": error})
        else:
            strict.before_answer(path)
            self._answer(200, answer)

    def _check(self) -> None:
        if self.headers.get_all("authorization") != [f"Bearer {KEY}"]:
            raise No(401, "api_key_invalid", "Invalid API Key provided")
        if self.headers.get("stripe-version") != VERSION:
            raise No(
                400, "version", f"Invalid Stripe API version: {self.headers.get('stripe-version')}"
            )

    def _read(self, path: str, query: dict[str, str]) -> Row:
        strict = self.strict
        lists: dict[str, Any] = {
            "/v1/checkout/sessions": strict.sessions.values(),
            "/v1/refunds": strict.refunds.values(),
            "/v1/disputes": strict.disputes.values(),
            "/v1/events": strict.events,
        }
        if path in lists:
            return strict.list_of(path, list(lists[path]), query)
        if path.startswith("/v1/checkout/sessions/"):
            return strict.get_session(path.rpartition("/")[2], query)
        raise No(404, "resource_missing", f"Unrecognized request URL {path}")

    def _write(self, path: str, body: bytes) -> Row:
        if path != "/v1/checkout/sessions":
            raise No(404, "resource_missing", f"Unrecognized request URL {path}")
        if self.headers.get("content-type") != "application/x-www-form-urlencoded":
            raise No(400, "content_type", "Invalid request: this must be a form")
        key = self.headers.get("idempotency-key", "")
        if not 1 <= len(key) <= 255:
            raise No(400, "idempotency_key", "Easel sends a key with every POST")
        if key in self.strict.once:
            before, row = self.strict.once[key]
            if before != body:
                raise No(400, "idempotency_error", "Keys for idempotent requests are for one body")
            return row
        row = self.strict.create_session(dict(parse_qsl(body.decode(), strict_parsing=True)))
        self.strict.once[key] = (body, copy.deepcopy(row))
        return copy.deepcopy(row)

    def _answer(self, status: int, body: Row) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Request-Id", f"req_{secrets.token_hex(6)}")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    # The page for people

    def _page(self, name: str) -> None:
        session = self.strict.sessions[name]
        cancel = html.escape(session["cancel_url"])
        data = (
            "<!doctype html><html lang=en><title>Strict checkout</title>"
            "<meta name=viewport content='width=device-width'>"
            f"<main><h1>Easel credit</h1><p>${session['amount_total'] / 100:.2f}</p>"
            f"<form method=post><button>Pay</button></form><a href='{cancel}'>Back</a></main>"
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _pay(self, name: str) -> None:
        self.strict.pay(name)
        self._empty(303, Location=self.strict.sessions[name]["success_url"])

    def _empty(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for header, value in headers.items():
            self.send_header(header, value)
        self.send_header("Content-Length", "0")
        self.end_headers()
