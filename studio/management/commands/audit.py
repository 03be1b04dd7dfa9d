from typing import Any

from django.core.management.base import BaseCommand, CommandError

from studio import audit


class Command(BaseCommand):
    help = "Verifies ledger, jobs and storage against each other; fails on any drift."

    def handle(self, *_args: Any, **_options: Any) -> None:
        found = list(audit.findings())
        for sentence in found:
            self.stdout.write(sentence)
        if found:
            raise CommandError(f"{len(found)} found")
        self.stdout.write("Ledger, jobs and storage agree.")
