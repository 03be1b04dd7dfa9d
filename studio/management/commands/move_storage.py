from collections import Counter
from typing import Any

from django.core.files.storage import InvalidStorageError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from gallery import relocation
from gallery.stores import StorageError, Store
from studio import owners

_EVERY = 1_000


class Command(BaseCommand):
    help = "Copies all objects to S3, or back to files, and compares them. May be interrupted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("to", choices=["s3", "files"])
        parser.add_argument("--dry-run", action="store_true", help="say what would be copied")
        parser.add_argument(
            "--new-only",
            action="store_true",
            help="pass over what is there in the same size, without comparing it",
        )
        parser.add_argument(
            "--discard-others",
            action="store_true",
            help="remove what no row names from where it is copied to",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            source, target = relocation.ends(options["to"])
            self._copy(source, target, options)
            if options["discard_others"] and not options["dry_run"]:
                for key in owners.unowned(target):
                    target.remove(key)
        except InvalidStorageError as error:
            raise CommandError("S3_BUCKET says which bucket") from error
        except StorageError as error:
            raise CommandError(f"{error}; run this again, and it goes on") from error

    def _copy(self, source: Store, target: Store, options: dict[str, Any]) -> None:
        counts: Counter[str] = Counter()
        copied_bytes = 0
        moved = relocation.copy(
            source, target, is_new_only=options["new_only"], is_dry=options["dry_run"]
        )
        for number, each in enumerate(moved, 1):
            counts[each.outcome] += 1
            copied_bytes += each.size_bytes if each.outcome == "copied" else 0
            if each.outcome == "damaged":
                self.stdout.write(f"{each.key} reads otherwise than it was written")
            if number % _EVERY == 0:
                self.stdout.write(f"{number:,} objects, {copied_bytes:,} bytes copied")
                self.stdout.flush()
        verb = "would be copied" if options["dry_run"] else "copied"
        self.stdout.write(
            f"{counts['copied']:,} objects of {copied_bytes:,} bytes {verb}, "
            f"{counts['there']:,} were there."
        )
        if counts["damaged"]:
            raise CommandError(f"{counts['damaged']:,} objects are not as they were")
