from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

# Extensions and other versions of htmx that no page uses; some import what is not there.
_UNUSED = ["hx-*.js", "htmx-4*.js", "htmax-4*.js"]


class Command(BaseCommand):
    help = "Brings database, cache table and static files up to date. May be repeated."

    def handle(self, *_args: Any, **_options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=_UNUSED)
