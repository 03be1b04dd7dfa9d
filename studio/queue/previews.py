"""Makes previews when the engines' results leave time for it: nobody waits for a preview.

Pages show the original until there is one, so previews wait while jobs run beside them. What
has waited for some seconds gets a tenth of one thread's time. What is lost on the way, or more
than may wait, the sweep makes later.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable

from gallery.models import Image
from studio.queue import work

log = logging.getLogger("easel.worker")
PATIENCE_SECONDS = 5.0
_LOOK_SECONDS = 0.2
_GRACE_SECONDS = 0.3  # whoever waits for the picture has it by then
_MOST_WAITING = 2_000


class Previews:
    def __init__(self, is_busy: Callable[[], bool]) -> None:
        self._is_busy = is_busy
        self._waiting: queue.Queue[tuple[Image, float]] = queue.Queue(_MOST_WAITING)
        self._thread = threading.Thread(target=self._work, name="previews", daemon=True)
        self._thread.start()

    def ask(self, image: Image) -> None:
        try:
            self._waiting.put_nowait((image, time.monotonic()))
        except queue.Full:
            return

    def _work(self) -> None:
        while True:
            image, asked_at = self._waiting.get()
            time.sleep(max(0.0, asked_at + _GRACE_SECONDS - time.monotonic()))
            while self._is_busy() and time.monotonic() - asked_at < PATIENCE_SECONDS:
                time.sleep(_LOOK_SECONDS)
            begun = time.monotonic()
            try:
                work.preview(image)
            except Exception:
                log.exception("no previews for image=%s", image.pk)
            if self._is_busy():
                time.sleep(min(1.0, 9 * (time.monotonic() - begun)))
