"""StepFun's image API, and servers that copy it.

    POST {base}/images/generations   JSON
    POST {base}/images/edits         multipart

The answer holds the image as base64, or a url that dies after two hours and is fetched at once
without the key. Which errors are raised when is in `wire`.
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx

from studio.engines.addresses import public_or
from studio.engines.contract import (
    EngineError,
    EngineRequest,
    EngineResult,
    Filtered,
    Refused,
    Trouble,
)
from studio.engines.http import (
    TimedTransport,
    deadline,
    fetch,
    join,
    printable_header,
    read_capped,
    read_start,
    send,
)
from studio.engines.wire import (
    NO_IMAGE,
    check_image,
    error_of_answer,
    filtered_sentence,
    first_item,
    image_of_base64,
    media_type,
    model_gone,
)

logger = logging.getLogger("easel.engines")

ResponseFormat = Literal["b64_json", "url"]

MAX_IMAGE_BYTES = 36 * 1024 * 1024  # 48 MB as base64
JSON_AROUND_IMAGE_BYTES = 64 * 1024
MAX_ERROR_BYTES = 64 * 1024

NEGATIVE_PROMPT_UNUSED = "The negative prompt was not used, because cfg_scale is 1.0."
SIZE_UNUSED = "The size was not used: the result of an edit has the size of its image."


@dataclass(frozen=True, kw_only=True)
class WireModel:
    """How one model wants its fields.

    `size_order` is the order in which it writes a size. With `cfg_scale` 1.0, asked for or by
    default, the service does not pass the negative prompt on.
    """

    size_order: Literal["hxw", "wxh"] = "wxh"
    sends_edit_size: bool = False
    default_cfg_scale: float | None = None


class StepfunEngine:
    """Safe to share between threads and to build before a fork; opens no connection until used.

    `max_bytes` bounds one image. `key` goes to the base url's endpoints and nowhere else; it may
    be empty for a server that wants none.
    """

    name = "stepfun"
    is_local = False

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        models: Mapping[str, WireModel],
        max_bytes: int = MAX_IMAGE_BYTES,
        response_format: ResponseFormat = "b64_json",
        user_agent: str = "easel",
    ) -> None:
        self._base = httpx.URL(base_url.rstrip("/") + "/")
        if self._base.scheme not in ("http", "https") or not self._base.raw_host:
            raise ValueError("base_url must start with http:// or https:// and name a host")
        self._key = api_key.strip()
        if not (self._key.isascii() and self._key.isprintable()):
            raise ValueError("api_key must be printable ASCII")
        self._models = dict(models)
        self._max_bytes = max_bytes
        self._response_format = response_format
        self._user_agent = user_agent
        ssl_context = httpx.create_ssl_context(trust_env=False)
        only_public = public_or(self._base.raw_host.decode("ascii"))
        self._api = TimedTransport(ssl_context=ssl_context)
        self._results = TimedTransport(ssl_context=ssl_context, allows=only_public)

    def run(self, request: EngineRequest) -> EngineResult:
        call = _Call(request)
        try:
            with deadline(request.deadline_seconds):
                return self._result_of(call)
        except EngineError as error:
            error.trace_id = call.trace_id
            raise
        finally:
            call.log()

    def close(self) -> None:
        self._api.close()
        self._results.close()

    def _result_of(self, call: "_Call") -> EngineResult:
        request = call.request
        model = self._models.get(request.model)
        if model is None:
            raise model_gone(request.model, detail="not configured")
        item = self._answer_to(call, self._http_request(request, model))
        seed = item.get("seed")
        return EngineResult(
            data=self._image_in(item, request),
            seed=seed if type(seed) is int else None,
            trace_id=call.trace_id,
            notes=_notes(request, model),
        )

    def _http_request(self, request: EngineRequest, model: WireModel) -> httpx.Request:
        fields = _fields(request, model) | {"response_format": self._response_format}
        headers = self._headers(accept="application/json")
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        try:
            if request.operation == "generate":
                url = self._base.join("images/generations")
                return httpx.Request("POST", url, headers=headers, json=fields)
            url = self._base.join("images/edits")
            parts = {name: _as_text(value) for name, value in fields.items()}
            files = {"image": _upload(request.image or b"")}
            return httpx.Request("POST", url, headers=headers, data=parts, files=files)
        except UnicodeEncodeError:  # its text is the prompt, so it is not chained
            raise Refused("The prompt holds characters that cannot be sent.") from None

    def _answer_to(self, call: "_Call", http_request: httpx.Request) -> dict[str, Any]:
        with send(self._api, http_request) as response:
            call.status = response.status_code
            call.trace_id = printable_header(response.headers.get("x-trace-id"))
            if not response.is_success:
                raise error_of_answer(
                    response.status_code,
                    response.headers,
                    read_start(response, MAX_ERROR_BYTES),
                    request=call.request,
                    key=self._key,
                )
            max_bytes = self._max_bytes * 4 // 3 + JSON_AROUND_IMAGE_BYTES
            return first_item(read_capped(response, max_bytes))

    def _image_in(self, item: Mapping[str, Any], request: EngineRequest) -> bytes:
        """The image of one item of `data`: as base64, in the older models' field, or by url."""
        if item.get("finish_reason") == "content_filtered":
            raise Filtered(filtered_sentence(request), detail="200 content_filtered")
        match item:
            case {"b64_json": str(text)} | {"image": str(text)} if text:
                return image_of_base64(text)
            case {"url": str(url)} if url:
                return self._fetched(url)
        raise Trouble(NO_IMAGE, detail="an item without an image")

    def _fetched(self, url: str) -> bytes:
        """The key stays here, whatever host the url names."""
        headers = self._headers(accept="image/*")
        target = join(self._base, url)
        return check_image(fetch(self._results, target, max_bytes=self._max_bytes, headers=headers))

    def _headers(self, *, accept: str) -> dict[str, str]:
        return {"User-Agent": self._user_agent, "Accept": accept, "Accept-Encoding": "gzip"}


@dataclass
class _Call:
    """What becomes known of a call on the way, for its log line and its errors."""

    request: EngineRequest
    started_at: float = field(default_factory=time.monotonic)
    status: int | None = None
    trace_id: str = ""

    def log(self) -> None:
        logger.info(
            "%s %s status=%s %d ms trace=%s",
            self.request.model,
            self.request.operation,
            self.status or "-",
            (time.monotonic() - self.started_at) * 1000,
            self.trace_id or "-",
        )


def _fields(request: EngineRequest, model: WireModel) -> dict[str, Any]:
    """The fields of both endpoints; what was not asked for is left to the service's default."""
    fields: dict[str, Any] = {"model": request.model, "prompt": request.prompt}
    if request.size and not _is_size_unused(request, model):
        width, height = request.size
        sides = (height, width) if model.size_order == "hxw" else (width, height)
        fields["size"] = f"{sides[0]}x{sides[1]}"
    for name in ("seed", "steps", "cfg_scale"):
        if (value := getattr(request, name)) is not None:
            fields[name] = value
    if request.negative_prompt and not _is_negative_prompt_unused(request, model):
        fields["negative_prompt"] = request.negative_prompt
    if request.text_mode:
        fields["text_mode"] = True
    if style := request.style_reference:
        fields["style_reference"] = {"source_url": style.source_url, "weight": style.weight}
    return fields


def _notes(request: EngineRequest, model: WireModel) -> list[str]:
    notes = []
    if request.negative_prompt and _is_negative_prompt_unused(request, model):
        notes.append(NEGATIVE_PROMPT_UNUSED)
    if request.size and _is_size_unused(request, model):
        notes.append(SIZE_UNUSED)
    return notes


def _is_negative_prompt_unused(request: EngineRequest, model: WireModel) -> bool:
    asked = request.cfg_scale
    return (model.default_cfg_scale if asked is None else asked) == 1.0


def _is_size_unused(request: EngineRequest, model: WireModel) -> bool:
    return request.operation == "edit" and not model.sends_edit_size


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _upload(image: bytes) -> tuple[str, bytes, str]:
    """A generated file name and a fixed type: nothing of the user's own file name leaves."""
    kind = media_type(image) or "application/octet-stream"
    return f"image.{kind.rpartition('/')[2]}", image, kind
