"""The embedded engine: pictures drawn, and photos edited, with no key, network or model."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

from PIL import Image

from studio.engines.contract import EngineRequest, EngineResult, Trouble

from .canvas import to_png
from .dice import Dice, pick_seed
from .edits import GRADE, edited
from .instructions import Instructions, read_instructions
from .lettering import set_title, without_undrawable
from .photo import read_photo
from .scenes import paint
from .words import Brief, read_brief

_DEFAULT_SIZE = (1024, 1024)
_DEFAULT_STEPS = 24
_MOST_STEPS = 50


@dataclass(frozen=True)
class _Settings:
    """`detail` is 0..1, from steps; `strength` is 1 at the default CFG scale, 2 at most."""

    detail: float
    strength: float
    ends_at: float


class SketchEngine:
    """Safe to call from many threads: nothing is kept between runs but loaded fonts."""

    name = "sketch"
    is_local = True

    def run(self, request: EngineRequest) -> EngineResult:
        settings = _settings(request)
        seed = request.seed if request.seed is not None else pick_seed()
        dice = Dice(words=request.prompt, seed=seed)
        make = _edit if request.operation == "edit" else _generate
        image, notes = make(request, dice, settings)
        if request.style_reference is not None:
            notes.append("Sketch does not follow a style reference; it was left aside.")
        _check_time(settings)
        return EngineResult(data=to_png(image), seed=seed, notes=tuple(notes))

    def close(self) -> None:
        """Nothing is held open."""


def _settings(request: EngineRequest) -> _Settings:
    steps = request.steps if request.steps is not None else _DEFAULT_STEPS
    scale = request.cfg_scale if request.cfg_scale is not None else 1.0
    return _Settings(
        detail=min(max(steps, 1), _MOST_STEPS) / _MOST_STEPS,
        strength=1.0 + (min(max(scale, 1.0), 10.0) - 1.0) / 9.0,
        ends_at=time.monotonic() + request.deadline_seconds,
    )


def _generate(
    request: EngineRequest, dice: Dice, settings: _Settings
) -> tuple[Image.Image, list[str]]:
    brief = read_brief(request.prompt, without=_unwanted(request))
    drawn, notes = _drawable(brief)
    size = request.size or _DEFAULT_SIZE
    image = paint(drawn, dice, size=size, detail=settings.detail, strength=settings.strength)
    texts, dropped = _letters(brief.texts)
    if texts:
        image = set_title(image, texts, is_bold=request.text_mode)
    return image, notes + dropped


def _unwanted(request: EngineRequest) -> str:
    """As with the model it stands in for, a scale of 1 leaves the negative prompt unused."""
    return request.negative_prompt if request.cfg_scale not in (None, 1.0) else ""


def _drawable(brief: Brief) -> tuple[Brief, list[str]]:
    """The brief with at least one subject, and what to tell about it."""
    has_mood = brief.time or brief.weathers or brief.season or brief.details
    if brief.subjects:
        return brief, _left_out(brief.left_out)
    if has_mood:
        return replace(brief, subjects=("mountains",)), _left_out(brief.left_out)
    if brief.texts and not brief.left_out:
        return replace(brief, subjects=("abstract",)), []
    note = (
        "Sketch draws lakes, mountains, the sea, forests, cities, flowers, portraits and "
        "abstracts, and did not find any of them in the words; here is an abstract."
    )
    return replace(brief, subjects=("abstract",)), [note]


def _left_out(words: Iterable[str]) -> list[str]:
    named = list(words)[:5]
    return [f"Sketch left out what it does not know: {', '.join(named)}."] if named else []


def _letters(texts: Iterable[str]) -> tuple[list[str], list[str]]:
    """Texts that can be set, and a note about letters that cannot."""
    pairs = [without_undrawable(text) for text in texts]
    missing = "".join(dict.fromkeys("".join(dropped for _, dropped in pairs)))
    notes = [f"Sketch has no shapes for these letters: {missing}"] if missing.strip() else []
    return [kept for kept, _ in pairs if kept], notes


def _edit(request: EngineRequest, dice: Dice, settings: _Settings) -> tuple[Image.Image, list[str]]:
    image = read_photo(request.image)
    read, notes = _settable(read_instructions(request.prompt))
    steps = read.known or (GRADE,)
    made = image
    for made in edited(  # noqa: B007
        image, steps, dice, detail=settings.detail, strength=settings.strength
    ):
        _check_time(settings)
    return made, _misunderstood(read, notes)


def _settable(read: Instructions) -> tuple[Instructions, list[str]]:
    known, notes = [], []
    for one in read.known:
        texts, dropped = _letters([one.text] if one.text else [])
        notes += dropped
        if texts or not one.text:
            known.append(replace(one, text=texts[0] if texts else ""))
    return replace(read, known=tuple(known)), notes


def _misunderstood(read: Instructions, notes: list[str]) -> list[str]:
    quoted = ", ".join(f'"{words}"' for words in read.unknown[:5])
    graded = "a gentle grade was applied."
    if quoted:
        ending = "." if read.known else f"; {graded}"
        return [f"Sketch did not understand: {quoted}{ending}", *notes]
    return notes if read.known else [*notes, f"Sketch found no instruction; {graded}"]


def _check_time(settings: _Settings) -> None:
    if time.monotonic() > settings.ends_at:
        raise Trouble("Sketch ran out of time.")
