from typing import Any

from django_q.brokers.orm import ORM

from studio.queue.listeners import Listener, listener


class DoorbellBroker(ORM):  # type: ignore[misc]
    """django-q2's database broker, which waits for a ring instead of sleeping.

    With `poll` at 0 the broker's own sleep is none; the wait here takes its place.
    """

    _listener: Listener | None = None

    def dequeue(self) -> list[tuple[int, str]] | None:
        taken: list[tuple[int, str]] | None = super().dequeue()
        if not taken:
            self._listen().wait()
        return taken

    def _listen(self) -> Listener:
        """Made in the process that listens: brokers are copied by the fork before it."""
        if self._listener is None:
            self._listener = listener()
        return self._listener

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_listener": None}
