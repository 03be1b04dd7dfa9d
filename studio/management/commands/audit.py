from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from studio import audit


class Command(BaseCommand):
    help = "Verifies ledger, jobs and storage against each other; fails on any drift."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--all",
            action="store_true",
            help="add up every month of the ledger again, and look at archived jobs too",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if found := audit.tell(self.stdout.write, is_whole=options["all"]):
            raise CommandError(f"{found} found")
        self.stdout.write("Ledger, jobs and storage agree.")
