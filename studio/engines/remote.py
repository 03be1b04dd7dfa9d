"""An engine elsewhere, spoken to by the image API that many servers share.

    POST {base}/images/generations   JSON
    POST {base}/images/edits         multipart

How a server spells it is a `Dialect`. The answer holds the image as base64, or a url, perhaps a
relative one, that may die soon and is fetched at once without the key. Which errors are raised
when is in `wire`.
"""

import logging
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

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
from studio.engines.dialects import Dialect
from studio.engines.fields import WireModel, as_text, fields_of, notes_of
from studio.engines.http import (
    fetch,
    join,
    printable_header,
    read_capped,
    read_start,
    send,
)
from studio.engines.transport import TimedTransport, deadline
from studio.engines.wire import (
    NO_IMAGE,
    check_image,
    error_of_answer,
    filtered_sentence,
    first_item,
    image_of_base64,
    media_type,
    model_gone,
    trace_id_in,
)

logger = logging.getLogger("easel.engines")

MAX_IMAGE_BYTES = 36 * 1024 * 1024  # 48 MB as base64
JSON_AROUND_IMAGE_BYTES = 64 * 1024
MAX_ERROR_BYTES = 64 * 1024
SEEDS = 2**31


class RemoteEngine:
    """Safe to share between threads and to build before a fork; opens no connection until used.

    `max_bytes` bounds one image. `api_key` goes to the base url's endpoints and nowhere else; it
    may be empty for a server that wants none.
    """

    name = "remote"
    is_local = False

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        dialect: Dialect,
        models: Mapping[str, WireModel],
        max_bytes: int,
        user_agent: str,
    ) -> None:
        self._base = httpx.URL(base_url.rstrip("/") + "/")
        if self._base.scheme not in ("http", "https") or not self._base.raw_host:
            raise ValueError("base_url must start with http:// or https:// and name a host")
        self._generations = self._base.join("images/generations")
        self._edits = self._base.join("images/edits")
        self._key = api_key.strip()
        if not (self._key.isascii() and self._key.isprintable()):
            raise ValueError("api_key must be printable ASCII")
        self.dialect = dialect
        self._models = dict(models)
        self._max_bytes = max_bytes
        self._user_agent = user_agent
        ssl_context = httpx.create_ssl_context(trust_env=False)
        only_public = public_or(self._base.raw_host.decode("ascii"))
        self._api = TimedTransport(ssl_context=ssl_context)
        self._results = TimedTransport(ssl_context=ssl_context, allows=only_public)

    def run(self, request: EngineRequest) -> EngineResult:
        call = _Call(self._with_seed(request))
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

    def _with_seed(self, request: EngineRequest) -> EngineRequest:
        """A server that would pick a seed and not tell it is given one, for the recipe."""
        if request.seed is None and self.dialect.seed and not self.dialect.tells_seed:
            return replace(request, seed=secrets.randbelow(SEEDS))
        return request

    def _result_of(self, call: "_Call") -> EngineResult:
        request = call.request
        model = self._models.get(request.model)
        if model is None:
            raise model_gone(request.model, detail="not configured")
        if request.operation == "edit" and not self.dialect.edits:
            raise Refused(f"{self.dialect.title} cannot edit photos. Choose another model.")
        item = self._answer_to(call, self._http_request(request, model))
        return EngineResult(
            data=self._image_in(item, request),
            seed=self._seed_in(item, request),
            trace_id=call.trace_id,
            notes=notes_of(request, model, self.dialect),
        )

    def _http_request(self, request: EngineRequest, model: WireModel) -> httpx.Request:
        fields = fields_of(request, model, self.dialect)
        headers = self._headers(accept="application/json")
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        try:
            if request.operation == "generate":
                url = self._generations
                return httpx.Request("POST", url, headers=headers, json=fields)
            url = self._edits
            parts = {name: as_text(value) for name, value in fields.items()}
            files = {self.dialect.image_part: _upload(request.image or b"")}
            return httpx.Request("POST", url, headers=headers, data=parts, files=files)
        except UnicodeEncodeError:  # its text is the prompt, so it is not chained
            raise Refused("The prompt holds characters that cannot be sent.") from None

    def _answer_to(self, call: "_Call", http_request: httpx.Request) -> dict[str, Any]:
        with send(self._api, http_request) as response:
            call.status = response.status_code
            call.trace_id = printable_header(trace_id_in(response.headers))
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
        """The image of one item of `data`: as base64, in StepFun's older field, or by url."""
        if item.get("finish_reason") == "content_filtered":
            raise Filtered(filtered_sentence(request), detail="200 content_filtered")
        match item:
            case {"b64_json": str() | memoryview() as text} | {
                "image": str() | memoryview() as text
            } if text:
                return image_of_base64(text)
            case {"url": str(url)} if url:
                return self._fetched(url)
        raise Trouble(NO_IMAGE, detail="an item without an image")

    def _seed_in(self, item: Mapping[str, Any], request: EngineRequest) -> int | None:
        """What the server says; where it says nothing, what was sent to one that takes seeds."""
        seed = item.get("seed")
        if type(seed) is int:
            return seed
        return request.seed if self.dialect.seed and not self.dialect.tells_seed else None

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


def _upload(image: bytes) -> tuple[str, bytes, str]:
    """A generated file name and a fixed type: nothing of the user's own file name leaves."""
    kind = media_type(image) or "application/octet-stream"
    return f"image.{kind.rpartition('/')[2]}", image, kind
