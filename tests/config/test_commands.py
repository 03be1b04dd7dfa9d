"""What the documents tell people to type exists, with these options."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand

ROOT = Path(settings.BASE_DIR)
DOCUMENTS = ("README.md", "SECURITY.md", *(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md")))
OUR_OWN = "|".join(("accounts", "config", "gallery", "studio"))
CODE = re.compile(r"^ *```\w*\n(.*?)^ *```|`([^`]+)`", re.M | re.S)
TARGET = re.compile(r"(?:\w+=\S+ )*make ([a-z./-]+)(?: ([a-z]+))?(?: \w+=\S+)*(?: +#.*)?")


def typed(document: str) -> Iterator[str]:
    """Each line of code, in a block or between words."""
    for block, words in CODE.findall((ROOT / document).read_text()):
        yield from block.splitlines() or [" ".join(words.split())]


def test_every_command_of_manage_is_there() -> None:
    faults, seen = [], set[str]()
    for document in DOCUMENTS:
        for line in typed(document):
            _, _, command = line.partition("manage.py ")
            if not (command and command[0].isalpha()):
                continue
            name, *arguments = shlex.split(re.split(r" [|>] | {2,}|&&", command)[0])
            seen.add(name)
            faults += [f"{document}: {line}: {each}" for each in wrong_with(name, arguments)]
    assert faults == []
    assert seen >= {*own_commands()}, "each of ours is told of somewhere"


def own_commands() -> Iterator[str]:
    for name, app in get_commands().items():
        if re.match(rf"({OUR_OWN})\b", str(app)):
            yield name


def wrong_with(name: str, arguments: list[str]) -> Iterator[str]:
    app = get_commands().get(name)
    if app is None:
        yield "no such command"
        return
    command = app if isinstance(app, BaseCommand) else load_command_class(app, name)
    parser = command.create_parser("manage.py", name)
    options = parser._option_string_actions
    yield from (f"no {each}" for each in arguments if each[:1] == "-" and each not in options)
    needed = [each for each in parser._actions if each.required and not each.option_strings]
    if arguments and len(arguments) < len(needed):
        yield f"wants {[each.dest for each in needed]}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_target_of_make_is_there(document: str) -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([\w./-]+):", makefile, re.M))
    targets |= set(" ".join(re.findall(r"^TABLES := (.+)$", makefile, re.M)).split())
    named = [found for line in typed(document) if (found := TARGET.fullmatch(line.strip()))]
    missing = [each[0] for each in named if not {each[1], each[2] or each[1]} <= targets]
    assert missing == []
