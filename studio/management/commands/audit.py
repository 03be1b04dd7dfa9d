from typing import Any

from django.core.management.base import BaseCommand, CommandError

from studio import audit


class Command(BaseCommand):
    help = "Verifies ledger, jobs and storage against each other; fails on any drift."

    def handle(self, *_args: Any, **_options: Any) -> None:
        if found := audit.tell(self.stdout.write):
            raise CommandError(f"{found} found")
        self.stdout.write("Ledger, jobs and storage agree.")
