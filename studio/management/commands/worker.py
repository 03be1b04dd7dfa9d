from typing import Any

from django.core.management.base import BaseCommand

from studio.queue.supervisor import Supervisor


class Command(BaseCommand):
    help = "Runs the jobs: starts the queue's cluster and the sweep, until SIGTERM."

    def handle(self, *_args: Any, **_options: Any) -> None:
        Supervisor().run()
