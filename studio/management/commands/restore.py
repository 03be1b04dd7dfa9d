from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from studio import audit, backups


class Command(BaseCommand):
    help = "Brings a backup back, ends what was under way in it, and audits. Stop Easel before."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument(
            "--replace", action="store_true", help="give up what is in the database now"
        )
        parser.add_argument(
            "--discard-others",
            action="store_true",
            help="remove objects from the storage that no row of the backup names",
        )

    def handle(
        self, *_args: Any, folder: Path, replace: bool, discard_others: bool, **_options: Any
    ) -> None:
        try:
            ended = backups.restore(
                folder, replace=replace, discard_others=discard_others, say=self.stdout.write
            )
        except backups.BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{ended.jobs:,} jobs that were under way are cancelled and not charged; "
            f"{ended.deliveries:,} webhook deliveries are given up; everybody signs in anew."
        )
        if found := audit.tell(self.stdout.write):
            raise CommandError(f"restored, but {found} things do not agree")
        self.stdout.write("Restored. Ledger, jobs and storage agree.")
