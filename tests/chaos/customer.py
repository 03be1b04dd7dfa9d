import contextlib
import random
from collections.abc import Callable
from uuid import UUID

import httpx

from tests.engines.makers import picture
from tests.engines.strict_stepfun import StrictStepfun
from tests.product import Person, until

AT_ONCE = 5
EVERY_EDIT = 4
PROMPT = "a lake that no log may name"
FAULTS = (
    "429",
    "429-2",
    "400",
    "451",
    "500",
    "502",
    "503",
    "504",
    "html",
    "filtered",
    "late",
    "hang",
    "hang-in-body",
    "hang-up",
    "drip",
    "empty",
    "no-data",
    "truncated-json",
    "short-length",
    "truncated-png",
    "bad-base64",
    "bomb-png",
    "url-expired",
)


class Customer:
    """Orders five pictures at a time, and sends an order again until it is answered."""

    def __init__(self, person: Person, service: StrictStepfun, seed: object) -> None:
        self._random = random.Random(f"orders {seed}")
        self.person = person
        self._service = service
        self.accepted = 0

    def order(self, count: int, may: Callable[[int], bool], seconds: float) -> None:
        """As many orders, each when it may come."""
        for number in range(count):
            until(lambda: may(number), "an order's turn", seconds)  # noqa: B023
            self._spoil()
            self._order(number, seconds)
            self.accepted += AT_ONCE

    def _spoil(self) -> None:
        """About a third of the calls go wrong."""
        wrong = [
            self._random.choice(FAULTS) for _ in range(AT_ONCE) if self._random.random() < 0.33
        ]
        if len(self._service.faults) < 2 * AT_ONCE:
            self._service.faults.extend(wrong)

    def _order(self, number: int, seconds: float) -> None:
        """An order that is sent again is one order. Some bring a photo along."""
        order_id = str(UUID(int=self._random.getrandbits(128), version=4))
        photo = picture(256 + number, 256) if number % EVERY_EDIT == 0 else b""

        def is_accepted() -> bool:
            with contextlib.suppress(httpx.TransportError):
                answer = self.person.create(PROMPT, photo, count=AT_ONCE, order_id=order_id)
                assert answer.status_code == 200 or answer.status_code >= 500, answer.text
                return answer.status_code == 200
            return False

        until(is_accepted, "an order being accepted", seconds)
