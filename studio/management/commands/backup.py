from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from studio import backups


class Command(BaseCommand):
    help = "Copies database and objects into a folder, while people work. May be interrupted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="a new one, or one that was begun")
        parser.add_argument(
            "--after", type=Path, help="an earlier backup, whose objects need no second copy"
        )
        parser.add_argument(
            "--without-objects",
            action="store_true",
            help="names and sums of the objects alone, where the storage keeps them itself",
        )

    def handle(
        self,
        *_args: Any,
        folder: Path,
        after: Path | None,
        without_objects: bool,
        **_options: Any,
    ) -> None:
        try:
            made = backups.write(
                folder, after=after, has_objects=not without_objects, say=self.stdout.write
            )
        except backups.BackupError as error:
            raise CommandError(str(error)) from error
        told = made.read()
        self.stdout.write(
            f"{told['objects']:,} objects of {told['size_bytes']:,} bytes, and the "
            f"database, are in {folder}. Keep SECRET_KEY too, elsewhere."
        )
