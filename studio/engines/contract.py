"""What an engine is given, what it returns, and the errors it may raise.

    EngineError
    ├── Refused         the request is bad (400): never tried again, the user sees why
    ├── Filtered        moderation said no (451, content_filtered): never tried again
    ├── OutOfService    the operator's fault (401, 402, 404): never tried again, alert
    └── Retryable       may be tried again
        ├── Busy        not accepted (429) or never sent: nothing can have been billed
        └── Trouble     failed there (5xx), or sent and the outcome is unknown

An engine knows no Django model and no setting. It must be safe to call from many threads,
and must return or raise within `request.deadline_seconds` in total, whatever the other
side does. Every error carries `sentence`, fit for the user, and the upstream's trace id;
neither holds a key, and `str(error)` holds no prompt.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, Protocol

Operation = Literal["generate", "edit"]


@dataclass(frozen=True, kw_only=True)
class StyleReference:
    source_url: str
    weight: float = 1.0


@dataclass(frozen=True, kw_only=True)
class EngineRequest:
    """One image to make. Values are already within the catalog's limits.

    `size` is (width, height) in pixels whatever order the wire wants; None lets the
    model decide, and edits keep the size of `image`. `image` holds PNG, JPEG or WebP
    bytes and is there exactly when `operation` is "edit". `seed` None asks the engine to
    pick one.
    """

    model: str
    operation: Operation
    prompt: str
    deadline_seconds: float
    size: tuple[int, int] | None = None
    image: bytes | None = field(default=None, repr=False)
    seed: int | None = None
    steps: int | None = None
    cfg_scale: float | None = None
    negative_prompt: str = ""
    text_mode: bool = False
    style_reference: StyleReference | None = None


@dataclass(frozen=True, kw_only=True)
class EngineResult:
    """One finished image.

    `data` holds the encoded bytes as the engine made them, not yet decoded or trusted.
    `seed` is the one that the engine says it used; None if it does not say. `notes` are
    sentences for the user about what was not done as asked.
    """

    data: bytes = field(repr=False)
    seed: int | None = None
    trace_id: str = ""
    notes: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Account:
    """What a server says of the account that pays it, in a currency that it does not name."""

    balance: Decimal
    is_prepaid: bool = True


class Engine(Protocol):
    """`is_local`: it computes on this machine, so calls at once are bounded to the cores."""

    name: str
    is_local: bool

    def run(self, request: EngineRequest) -> EngineResult: ...

    def close(self) -> None: ...


class EngineError(Exception):
    """`code` is stable and for programs; `sentence` is for people."""

    code = "engine_error"

    def __init__(self, sentence: str, *, trace_id: str = "", detail: str = "") -> None:
        super().__init__(detail or sentence)
        self.sentence = sentence
        self.trace_id = trace_id


class Refused(EngineError):
    code = "refused"


class Filtered(EngineError):
    code = "content_filtered"


class OutOfService(EngineError):
    """`fault` names what the operator has to mend: "key", "balance" or "model"."""

    code = "out_of_service"

    def __init__(self, sentence: str, *, fault: str, trace_id: str = "", detail: str = "") -> None:
        super().__init__(sentence, trace_id=trace_id, detail=detail)
        self.fault = fault


class Retryable(EngineError):
    """`retry_after_seconds`: what the other side asked for; None if it did not say."""

    code = "unavailable"

    def __init__(
        self,
        sentence: str,
        *,
        trace_id: str = "",
        detail: str = "",
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(sentence, trace_id=trace_id, detail=detail)
        self.retry_after_seconds = retry_after_seconds


class Busy(Retryable):
    code = "busy"


class Trouble(Retryable):
    code = "unavailable"
