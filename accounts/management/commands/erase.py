from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import erasure, people


class Command(BaseCommand):
    help = "Ends a person's account in a week, as they could themselves; they hear of it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--now", action="store_true", help="without the week")

    def handle(self, *_args: Any, email: str, now: bool, **_options: Any) -> None:
        user = people.find(email)
        if user is None:
            raise CommandError(f"nobody has the address {email}")
        try:
            erase_at = erasure.ask(by=user, is_now=now)
        except erasure.StillOwner as error:
            teams = ", ".join(f"“{team}”" for team in error.teams)
            raise CommandError(f"they are the only owner of {teams}") from error
        self.stdout.write(f"{email} is erased after {erase_at:%Y-%m-%d %H:%M} UTC, by a worker.")
