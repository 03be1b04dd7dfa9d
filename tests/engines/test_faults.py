"""What is made of each fault of a service, of every kind, and how long that may take."""

import threading
import time
import tracemalloc
from typing import Any

import pytest

from studio.engines.contract import (
    Busy,
    EngineError,
    Filtered,
    OutOfService,
    Refused,
    StyleReference,
    Trouble,
)
from studio.engines.fields import WireModel
from studio.engines.http import BROKE_OFF, NOT_FETCHED, TOO_LARGE, TOO_SLOW, UNREACHABLE, UNREADABLE
from studio.engines.wire import BUSY, NO_IMAGE, OUT_OF_SERVICE, TROUBLE
from tests.engines.makers import (
    MODEL,
    SERVICES,
    closed_port,
    edit,
    failure_of,
    generate,
    remote,
    silent_port,
    size_of,
)
from tests.engines.strict_faults import FAULTS, MEGABYTE

DEADLINE_SECONDS = 0.6
MARGIN_SECONDS = 0.5


FAULTY: list[tuple[str, type[EngineError], str, dict[str, Any]]] = [
    ("429", Busy, BUSY, {"retry_after_seconds": None}),
    ("429-2", Busy, BUSY, {"retry_after_seconds": 2.0}),
    ("429-99999", Busy, BUSY, {"retry_after_seconds": 99999.0}),
    ("429-garbage", Busy, BUSY, {"retry_after_seconds": None}),
    ("400-echo", Refused, "The image service refused this request.", {}),
    (
        "400",
        Refused,
        "The image service refused this request: the image is unreadable today.",
        {},
    ),
    ("401", OutOfService, OUT_OF_SERVICE, {"fault": "key"}),
    ("402", OutOfService, OUT_OF_SERVICE, {"fault": "balance"}),
    ("403", OutOfService, OUT_OF_SERVICE, {"fault": "key"}),
    (
        "404",
        OutOfService,
        f"The studio is out of service: the image service does not offer {MODEL}.",
        {"fault": "model"},
    ),
    ("413", Refused, "The image service refused this request: request body too large.", {}),
    (
        "451",
        Filtered,
        "Moderation did not let this pass. Change the prompt and try again.",
        {},
    ),
    (
        "filtered",
        Filtered,
        "Moderation did not let this pass. Change the prompt and try again.",
        {},
    ),
    ("500", Trouble, TROUBLE, {"retry_after_seconds": None}),
    ("502", Trouble, TROUBLE, {}),
    ("503", Trouble, TROUBLE, {}),
    ("503-3", Trouble, TROUBLE, {"retry_after_seconds": 3.0}),
    ("504", Trouble, TROUBLE, {}),
    ("html", Trouble, TROUBLE, {}),
    ("html-200", Trouble, UNREADABLE, {}),
    ("redirect", Trouble, TROUBLE, {}),
    ("truncated-json", Trouble, UNREADABLE, {}),
    ("short-length", Trouble, BROKE_OFF, {}),
    ("empty", Trouble, UNREADABLE, {}),
    ("error-in-200", Trouble, TROUBLE, {}),
    ("no-data", Trouble, NO_IMAGE, {}),
    ("array", Trouble, UNREADABLE, {}),
    ("deep", Trouble, UNREADABLE, {}),
    ("wrong-data", Trouble, NO_IMAGE, {}),
    ("not-utf8", Trouble, UNREADABLE, {}),
    ("no-image", Trouble, NO_IMAGE, {}),
    ("wrong-types", Trouble, NO_IMAGE, {}),
    ("bad-base64", Trouble, UNREADABLE, {}),
    ("unpadded-base64", Trouble, UNREADABLE, {}),
    ("not-an-image", Trouble, NO_IMAGE, {}),
    ("huge", Trouble, TOO_LARGE, {}),
    ("huge-length", Trouble, TOO_LARGE, {}),
    ("gzip-bomb", Trouble, TOO_LARGE, {}),
    ("brotli", Trouble, UNREADABLE, {}),
    ("url-expired", Trouble, NOT_FETCHED, {}),
    ("url-404", Trouble, NOT_FETCHED, {}),
    ("url-loop", Trouble, NOT_FETCHED, {}),
    ("url-private", Trouble, NOT_FETCHED, {}),
    ("url-ftp", Trouble, NOT_FETCHED, {}),
    ("url-malformed", Trouble, NOT_FETCHED, {}),
    ("url-text", Trouble, NO_IMAGE, {}),
    ("url-huge", Trouble, TOO_LARGE, {}),
]
SLOW: list[tuple[str, type[EngineError], str, str]] = [
    ("hang", Trouble, TOO_SLOW, ""),
    ("late", Trouble, TOO_SLOW, ""),
    ("hang-in-body", Trouble, TOO_SLOW, "trace-000001"),
    ("hang-after-status", Busy, BUSY, "trace-000001"),
    ("drip", Trouble, TOO_SLOW, "trace-000001"),
    ("url-slow", Trouble, TOO_SLOW, "trace-000001"),
    ("url-hang", Trouble, TOO_SLOW, "trace-000001"),
]
HARMLESS = {
    *[
        "400-moderation",
        "429-quota",
        "429-date",
        "400-long",
        "451-image",
        "hang-up",
    ],  # have tests of their own
    *["data-uri", "older-field", "gzip", "url-relative", "url-redirect"],
    *["wrong-size", "bomb-png", "truncated-png"],
}


@pytest.mark.parametrize("service", SERVICES, indirect=True)
@pytest.mark.parametrize("case", FAULTY, ids=lambda case: case[0])
def test_fault(strict, case):
    fault, kind, sentence, said = case
    strict.faults.append(fault)
    with remote(strict, max_bytes=4 * MEGABYTE) as engine:
        error = failure_of(engine, generate())
    assert type(error) is kind
    assert error.sentence == sentence
    assert error.trace_id == "trace-000001"
    assert {name: getattr(error, name) for name in said} == said
    assert not strict.faults


@pytest.mark.parametrize("service", ["stepfun", "openai"], indirect=True)
@pytest.mark.parametrize("case", SLOW, ids=lambda case: case[0])
def test_slow_fault_ends_at_the_deadline(strict, engine, case):
    fault, kind, sentence, trace_id = case
    strict.faults.append(fault)
    started = time.monotonic()
    error = failure_of(engine, generate(deadline_seconds=DEADLINE_SECONDS))
    assert time.monotonic() - started < DEADLINE_SECONDS + MARGIN_SECONDS
    assert (type(error), error.sentence, error.trace_id) == (kind, sentence, trace_id)


def test_every_fault_of_the_strict_server_is_tested():
    tested = {row[0] for row in FAULTY} | {row[0] for row in SLOW} | HARMLESS
    assert tested == set(FAULTS)


def test_a_date_to_retry_after_is_turned_into_seconds(strict, engine):
    strict.faults.append("429-date")
    error = failure_of(engine, generate())
    assert isinstance(error, Busy)
    assert 25 < error.retry_after_seconds <= 30


def test_a_long_message_is_cut(strict, engine):
    strict.faults.append("400-long")
    error = failure_of(engine, generate())
    assert isinstance(error, Refused)
    assert "because because" in error.sentence
    assert len(error.sentence) == 300


@pytest.mark.parametrize(
    ("fault", "request_made", "inputs"),
    [
        ("451", edit(), "prompt or the image"),
        ("451-image", edit(), "image"),
        ("451-image", generate(), "prompt"),
        ("filtered", edit(), "prompt or the image"),
        (
            "451",
            generate(
                model="step-1x-medium",
                style_reference=StyleReference(source_url="https://images.example/a.png"),
            ),
            "prompt or the style reference",
        ),
    ],
)
def test_moderation_tells_which_input_to_change(strict, engine, fault, request_made, inputs):
    strict.faults.append(fault)
    error = failure_of(engine, request_made)
    assert isinstance(error, Filtered)
    assert f"Change the {inputs} and try again." in error.sentence


@pytest.mark.parametrize("service", ["stepfun", "openai", "localai"], indirect=True)
def test_a_code_that_says_more_than_its_status(strict, engine):
    strict.faults.extend(["400-moderation", "429-quota"])
    moderated, unpaid = (failure_of(engine, generate()) for _ in range(2))
    assert isinstance(moderated, Filtered)
    assert isinstance(unpaid, OutOfService)
    assert (str(moderated), str(unpaid)) == ("400 moderation_blocked", "429 insufficient_quota")
    assert unpaid.fault == "balance"


def test_a_wrong_key_is_out_of_service_and_not_repeated(strict):
    with remote(strict, api_key="sk-wrong-and-secret") as engine:
        error = failure_of(engine, generate())
    assert isinstance(error, OutOfService)
    assert error.fault == "key"
    assert "sk-wrong" not in f"{error!r} {error} {error.sentence}"


def test_a_model_that_the_service_does_not_know(strict):
    with remote(strict, models={"step-gone": WireModel()}) as engine:
        error = failure_of(engine, generate(model="step-gone"))
    assert isinstance(error, OutOfService)
    assert (error.fault, str(error)) == ("model", "404 model_not_found step-gone")


def test_hanging_up_is_trouble_because_it_may_have_been_billed(strict, engine):
    strict.faults.append("hang-up")
    error = failure_of(engine, generate())
    assert (type(error), error.sentence) == (Trouble, BROKE_OFF)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_connection_refused_is_busy(strict, scheme):
    with closed_port() as port, remote(strict, base_url=f"{scheme}://127.0.0.1:{port}") as engine:
        error = failure_of(engine, generate())
    assert (type(error), error.sentence) == (Busy, UNREACHABLE)


def test_failing_lookup_is_busy(strict):
    with remote(strict, base_url="https://nowhere.invalid/v1") as engine:
        error = failure_of(engine, generate())
    assert (type(error), error.sentence) == (Busy, UNREACHABLE)


def test_failing_tls_is_busy(strict):
    with remote(strict, base_url=strict.base_url.replace("http:", "https:")) as engine:
        error = failure_of(engine, generate())
    assert (type(error), error.sentence) == (Busy, UNREACHABLE)


def test_a_service_that_reads_nothing_ends_at_the_deadline(strict):
    big = b"\x89PNG\r\n\x1a\n" + bytes(32 * MEGABYTE)
    with silent_port() as port, remote(strict, base_url=f"http://127.0.0.1:{port}") as engine:
        started = time.monotonic()
        error = failure_of(engine, edit(image=big, deadline_seconds=DEADLINE_SECONDS))
        assert time.monotonic() - started < DEADLINE_SECONDS + MARGIN_SECONDS
    assert (type(error), error.sentence) == (Trouble, TOO_SLOW)


def test_a_gigabyte_never_gets_into_memory(strict):
    strict.faults.extend(["huge", "gzip-bomb", "url-huge"])
    with remote(strict, max_bytes=2 * MEGABYTE) as engine:
        tracemalloc.start()
        try:
            for _ in range(3):
                assert failure_of(engine, generate()).sentence == TOO_LARGE
            _, peak_bytes = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak_bytes < 24 * MEGABYTE  # the server's own megabytes are counted too


def test_after_every_fault_the_engine_still_works(strict, engine):
    for fault in ("hang", "short-length", "huge-length", "hang-up", "deep"):
        strict.faults.append(fault)
        failure_of(engine, generate(deadline_seconds=0.3))
    assert size_of(engine.run(generate(size=(1024, 1024))).data) == (1024, 1024)


def test_a_hanging_call_holds_up_no_other(strict, engine):
    strict.faults.append("hang")
    hanging = threading.Thread(target=failure_of, args=(engine, generate(deadline_seconds=3.0)))
    hanging.start()
    _await(lambda: strict.counts["generate"] == 1)
    engine.run(generate(deadline_seconds=2.5))
    assert hanging.is_alive()
    strict.closing.set()
    hanging.join()


def _await(condition: Any, seconds: float = 5.0) -> None:
    ends_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends_at
        threading.Event().wait(0.005)
