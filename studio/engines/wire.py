"""What the answers of image services shaped like OpenAI's mean, in the contract's terms.

    400, other 4xx   Refused, with the service's own message if it repeats no secret
    401, 402, 403    OutOfService: "key", or "balance"
    404, 405, 410    OutOfService: "model"
    429              Busy, with what Retry-After asks for
    451              Filtered
    others           Trouble: 3xx, 408, 409, 425, 5xx

Some services say with 400 or 429 what others have a status for: the code or type of the error,
if it is one of `MODERATED` or `UNPAID` or "model_not_found", comes before the status.

Service messages reach the user's sentence only; `str(error)` holds the status and the code.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeGuard

import orjson
import pybase64

from studio.engines.contract import (
    Busy,
    EngineError,
    EngineRequest,
    Filtered,
    OutOfService,
    Refused,
    Trouble,
)
from studio.engines.http import UNREADABLE, seconds_of_retry_after

OUT_OF_SERVICE = "The studio is out of service. Its operator has to mend it."
BUSY = "The image service is busy just now."
TROUBLE = "The image service has trouble just now."
NO_IMAGE = "The image service sent no image."

MAX_SENTENCE_CHARS = 300

MODERATED = {"censorship_blocked", "moderation_blocked", "content_policy_violation"}
UNPAID = {
    "insufficient_quota",
    "quota_exceeded",
    "billing_hard_limit_reached",
    "billing_not_active",
}
_IMAGE_FIELD = re.compile(rb'"(?:b64_json|image)"\s*:\s*"')
_LONG_CHARS = 64 * 1024
_CUT = "the image, cut out"


# Images


def media_type(data: bytes) -> str | None:
    """The type that the first bytes promise, of the three that Easel takes."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return None


def check_image(data: bytes) -> bytes:
    if media_type(data) is None:
        raise Trouble(NO_IMAGE, detail=f"{len(data)} bytes of no known image type")
    return data


def image_of_base64(text: str | memoryview) -> bytes:
    """Decode base64, bare or as a data URI."""
    if isinstance(text, str) and text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        data = pybase64.b64decode(text, validate=True)
    except ValueError as error:
        raise Trouble(UNREADABLE, detail="invalid base64") from error
    return check_image(data)


# Answers


def first_item(body: bytes) -> dict[str, Any]:
    """`data[0]` of a successful answer; an item without an image is left to the caller.

    The image may be a memoryview of its base64: to make a str of so much, and look through it,
    costs more than all else that is done with the answer.
    """
    start, end = _long_image(body)
    answer = _parsed(body[:start] + _CUT.encode() + body[end:] if start else body)
    if answer.get("error"):
        raise Trouble(TROUBLE, detail=f"200 with error {complaint_in(body).word}".rstrip())
    match answer.get("data"):
        case [dict() as item, *_]:
            image = memoryview(body)[start:end]
            is_cut = start > 0
            return {
                name: image if is_cut and value == _CUT else value for name, value in item.items()
            }
    raise Trouble(NO_IMAGE, detail="no item in data")


def _long_image(body: bytes) -> tuple[int, int]:
    """Where the base64 of the first image begins and ends, if it is long and bare; else 0, 0.

    What looks like the name of a field in quotes is one: inside of a text they are escaped.
    """
    found = _IMAGE_FIELD.search(body)
    start = found.end() if found else 0
    end = body.find(b'"', start)
    is_bare = not body.startswith(b"data:", start) and body.find(b"\\", start, end) < 0
    return (start, end) if start and end - start >= _LONG_CHARS and is_bare else (0, 0)


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        answer = orjson.loads(body)
    except ValueError as error:
        detail = f"invalid JSON in {len(body)} bytes"
        raise Trouble(UNREADABLE, detail=detail) from error
    if not isinstance(answer, dict):
        raise Trouble(UNREADABLE, detail="JSON, but not an object")
    return answer


@dataclass(frozen=True)
class Complaint:
    """What an error answer says. `words` are its code and its type; `message` may be anything."""

    message: str = ""
    words: tuple[str, ...] = ()

    @property
    def word(self) -> str:
        """The more exact of the words; "" if there is none."""
        return self.words[0] if self.words else ""


def complaint_in(body: bytes) -> Complaint:
    """Read `{"error": {...}}`, `{"error": "..."}` or `{"detail": ...}`; empty if none.

    `detail` is a sentence, or FastAPI's list of `{"msg": ...}`, of which the first is taken.
    """
    try:
        answer = _parsed(body)
    except Trouble:
        return Complaint()
    match answer.get("error") or answer.get("detail"):
        case str(message):
            return Complaint(message=message)
        case [{"msg": str(message)}, *_]:
            return Complaint(message=message)
        case dict(error):
            said = error.get("message")
            words = (error.get("code"), error.get("type"))
            return Complaint(
                message=said if isinstance(said, str) else "",
                words=tuple(word for word in words if _is_word(word)),
            )
    return Complaint()


def _is_word(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and bool(re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", value))


def trace_id_in(headers: Mapping[str, str]) -> str:
    """The service's name for the request: StepFun's header, or the one that the others use."""
    return headers.get("x-trace-id") or headers.get("x-request-id") or ""


# Errors


def error_of_answer(
    status: int, headers: Mapping[str, str], body: bytes, *, request: EngineRequest, key: str
) -> EngineError:
    """The contract's error for an answer that is no success."""
    said = complaint_in(body)
    detail = f"{status} {said.word}".rstrip()
    if status == 451 or MODERATED.intersection(said.words):
        return Filtered(filtered_sentence(request, said.message), detail=detail)
    if status in (401, 402, 403) or UNPAID.intersection(said.words):
        empty = status == 402 or UNPAID.intersection(said.words)
        return OutOfService(OUT_OF_SERVICE, fault="balance" if empty else "key", detail=detail)
    if status in (404, 405, 410) or "model_not_found" in said.words:
        return model_gone(request.model, detail=detail)
    if status == 429:
        wait = seconds_of_retry_after(headers.get("retry-after"), at=datetime.now(UTC))
        return Busy(BUSY, retry_after_seconds=wait, detail=detail)
    if 400 <= status < 500 and status not in (408, 409, 425):
        secrets = (request.prompt, request.negative_prompt, key)
        message = shown_message(said.message, secrets=secrets)
        return Refused(_refusal(message), detail=detail)
    wait = seconds_of_retry_after(headers.get("retry-after"), at=datetime.now(UTC))
    return Trouble(TROUBLE, retry_after_seconds=wait, detail=detail)


def model_gone(model: str, *, detail: str) -> OutOfService:
    sentence = f"The studio is out of service: the image service does not offer {model}."
    return OutOfService(sentence, fault="model", detail=f"{detail} {model}")


def filtered_sentence(request: EngineRequest, message: str = "") -> str:
    """Names the input to change: the one that the service names, or each that may be meant."""
    inputs = ["prompt"]
    if request.operation == "edit":
        inputs.append("image")
    if request.style_reference:
        inputs.append("style reference")
    said = message.lower().replace("_", " ")
    named = [name for name in inputs if name in said]
    if "negative prompt" in said:
        named = ["negative prompt"]
    blamed = named if len(named) == 1 else inputs
    return f"Moderation did not let this pass. Change the {' or the '.join(blamed)} and try again."


def _refusal(message: str) -> str:
    if not message:
        return "The image service refused this request."
    sentence = f"The image service refused this request: {message}"[: MAX_SENTENCE_CHARS - 1]
    return sentence if sentence.endswith((".", "!", "?", "。")) else f"{sentence}."


def shown_message(message: str, *, secrets: Iterable[str]) -> str:
    """`message` on one line without control characters; empty if it repeats a secret."""
    kept = "".join(" " if unicodedata.category(c)[0] == "C" else c for c in message[:2000])
    line = " ".join(kept.split())
    return "" if any(_repeats(line, secret) for secret in secrets) else line


def _repeats(line: str, secret: str) -> bool:
    """Whether `line` holds `secret`, any 16 characters of it, or a short one as a word."""
    line, secret = line.casefold(), " ".join(secret.casefold().split())
    if len(secret) < 8:
        return bool(secret) and bool(re.search(rf"(?<!\w){re.escape(secret)}(?!\w)", line))
    return any(secret[i : i + 16] in line for i in range(max(1, len(secret) - 15)))
