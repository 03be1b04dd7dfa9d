"""The texts that people agree to: the operator's, or ours to start with.

Each is a file of TERMS_DIR, in a small part of Markdown:

    version: 2
    date: 2026-11-27

    # Title
    ## Heading
    - an item of a list
    A paragraph, with [a link](https://...).

Who signs up accepts them as they are then; when the version of one rises, everybody is asked again.

    TextError      a file is missing or cannot be read; a sentence for the operator
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.models import Acceptance, User

NAMES = ("terms", "acceptable-use", "privacy")
_HEAD = re.compile(r"version: (?P<version>[1-9]\d{0,5})\ndate: (?P<date>\d{4}-\d\d-\d\d)\n\s*")
_LINK = re.compile(r"\[(?P<text>[^\]\n]+)\]\((?P<url>(?:https?://|mailto:|/)[^)\s]+)\)")
_MARKS = {"## ": "heading", "# ": "title"}


class TextError(Exception):
    pass


@dataclass(frozen=True, kw_only=True)
class Text:
    """`blocks`: their `kind` (title, heading, list, text), and `lines`, lists of text and url."""

    name: str
    version: int
    date: date
    blocks: list[dict[str, Any]] = field(repr=False)

    @property
    def title(self) -> str:
        titles = [each["lines"][0] for each in self.blocks if each["kind"] == "title"]
        return "".join(part["text"] for part in titles[0])


def check() -> None:
    """Raises TextError."""
    texts()


def texts() -> dict[str, Text]:
    return _read(settings.TERMS_DIR)


@lru_cache(maxsize=4)
def _read(folder: Path) -> dict[str, Text]:
    return {name: _text(name, folder / f"{name}.md") for name in NAMES}


def _text(name: str, file: Path) -> Text:
    try:
        whole = file.read_text("utf-8").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise TextError(f"lacks {file.name}, or it cannot be read") from error
    head = _HEAD.match(whole)
    if not head:
        raise TextError(f"has a {file.name} that does not begin with version: and date:")
    blocks = list(_blocks(whole[head.end() :]))
    if not blocks or blocks[0]["kind"] != "title":
        raise TextError(f"has a {file.name} whose text does not begin with # and a title")
    try:
        day = date.fromisoformat(head["date"])
    except ValueError as error:
        raise TextError(f"has a {file.name} with a date that is none") from error
    return Text(name=name, version=int(head["version"]), date=day, blocks=blocks)


def _blocks(text: str) -> Iterator[dict[str, Any]]:
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        lines = paragraph.strip().splitlines()
        kind = next((kind for mark, kind in _MARKS.items() if lines[0].startswith(mark)), "text")
        if kind != "text":
            yield {"kind": kind, "lines": [_parts(lines[0].lstrip("# "))]}
            lines = lines[1:]
        plain = [line for line in lines if not line.startswith("- ")]
        if plain:
            yield {"kind": "text", "lines": [_parts(" ".join(plain))]}
        if len(plain) < len(lines):
            items = [_parts(line[2:]) for line in lines if line.startswith("- ")]
            yield {"kind": "list", "lines": items}


def _parts(line: str) -> list[dict[str, str]]:
    parts, at = [], 0
    for found in _LINK.finditer(line):
        parts.append({"text": line[at : found.start()], "url": ""})
        parts.append(found.groupdict())
        at = found.end()
    return [*parts, {"text": line[at:], "url": ""}]


def in_force() -> str:
    """The versions of all, as `User.agreed` keeps them: "1.1.2"."""
    return ".".join(str(each.version) for each in texts().values())


def has_accepted(user: User) -> bool:
    """Whether there is nothing to ask. For every page, so it asks nothing of the database."""
    return user.agreed == in_force() or not unseen_by(user)


def unseen_by(user: User) -> list[Text]:
    """Those that the person has not accepted as they are now."""
    agreed = dict(zip(NAMES, map(int, filter(None, user.agreed.split("."))), strict=False))
    return [each for each in texts().values() if agreed.get(each.name, 0) < each.version]


def accept(*, by: User) -> None:
    """All of them, as they are now. May be repeated."""
    with transaction.atomic():
        Acceptance.objects.bulk_create(
            (Acceptance(user=by, text=each.name, version=each.version) for each in unseen_by(by)),
            ignore_conflicts=True,
        )
        by.agreed = in_force()
        User.objects.filter(pk=by.pk).update(agreed=by.agreed)
