"""Prompts to start from, each with a picture that shows what becomes of it.

`manage.py starters` has the running engine draw the pictures; until then those of Sketch, which
come with Easel, stand in.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings
from django.templatetags.static import static

from studio import catalog

FOLDER = Path("img") / "starters"
_FILE = Path(__file__).with_name("starters.toml")
_SAMPLES = {"hills": (1184, 896), "woman": (896, 1184), "profile": (896, 1184)}


@dataclass(frozen=True, kw_only=True)
class Starter:
    """`photo` names the sample that an edit is about; "" for a picture from words alone."""

    name: str
    title: str
    prompt: str
    size: str = ""
    photo: str = ""
    text_mode: bool = False

    @property
    def picture(self) -> str:
        return static(f"{FOLDER}/{self.name}.webp")

    @property
    def sample(self) -> str:
        """The address of the photo to edit."""
        return static(f"{FOLDER}/photo-{self.photo}.webp") if self.photo else ""

    @property
    def shape(self) -> tuple[int, int]:
        """(width, height) of the picture."""
        return _SAMPLES[self.photo] if self.photo else catalog.pixels(self.size)


@cache
def every() -> tuple[Starter, ...]:
    with _FILE.open("rb") as file:
        return tuple(Starter(**each) for each in tomllib.load(file)["starter"])


@cache
def are_sketched() -> bool:
    """Whether the pictures are those that came with Easel."""
    return settings.ENGINE == "sketch" or not (settings.DRAWN_DIR / FOLDER).is_dir()
