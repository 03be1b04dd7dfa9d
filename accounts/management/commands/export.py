import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import exports, people


class Command(BaseCommand):
    help = "Writes all that is a person's into a ZIP file, for one who cannot sign in any more."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("file", type=Path, help="must not be there yet")

    def handle(self, *_args: Any, email: str, file: Path, **_options: Any) -> None:
        user = people.find(email)
        if user is None:
            raise CommandError(f"nobody has the address {email}")
        try:
            with open(file, "xb", opener=_for_its_owner) as made:
                size_bytes = exports.write(user, made)
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}") from error
        self.stdout.write(f"{file} has {size_bytes:,} bytes.")


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
