import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

_KEPT_SECONDS = 5.0
_PATIENCE_SECONDS = 2.0


class Probe:
    """Asks whether something is up that may keep one waiting.

    One thread asks, and its answer holds for 5 s. Whoever wants it meanwhile waits for 2 s
    after the question was put, and then takes silence for a no.
    """

    def __init__(self, ask: Callable[[], bool]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._answer: Future[bool] | None = None
        self._asked_at = self._answered_at = 0.0

    def is_up(self) -> bool:
        now = time.monotonic()
        with self._lock:
            if self._answer is None or self._is_old(self._answer, now):
                self._answer, self._asked_at = Future(), now
                threading.Thread(target=self._put, args=(self._answer,), daemon=True).start()
            answer, until = self._answer, self._asked_at + _PATIENCE_SECONDS
        try:
            return answer.result(timeout=max(0.0, until - now))
        except TimeoutError:
            return False

    def _is_old(self, answer: "Future[bool]", now: float) -> bool:
        return answer.done() and now > self._answered_at + _KEPT_SECONDS

    def _put(self, answer: "Future[bool]") -> None:
        is_up = False
        try:
            is_up = self._ask()
        finally:
            self._answered_at = time.monotonic()
            answer.set_result(is_up)
