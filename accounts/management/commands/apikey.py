from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import keys, people


class Command(BaseCommand):
    help = "Makes an API key for a person's own workspace and prints it on the last line."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("name", help="what the key is for")

    def handle(self, *_args: Any, email: str, name: str, **_options: Any) -> None:
        if not 1 <= len(name) <= 100:
            raise CommandError("the name may have 1 to 100 characters")
        try:
            user, workspace = people.with_workspace(email)
        except ValueError as error:
            raise CommandError(str(error)) from error
        _, secret = keys.issue(workspace=workspace, by=user, name=name)
        self.stdout.write("The key is shown this once:")
        self.stdout.write(secret)
