import random
import tempfile
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from tests.chaos import findings
from tests.chaos.customer import AT_ONCE, Customer
from tests.chaos.evidence import Evidence
from tests.chaos.figures import figures
from tests.chaos.roles import Killer
from tests.engines.strict_stepfun import StrictStepfun
from tests.product import Product, until
from tests.shapes import product_on, servers_of

END_SECONDS = 120.0
AIM_SECONDS = 5.0


class Chaos:
    """One run in one shape. The seed decides what is ordered, what fails and who is killed."""

    def __init__(self, shape: str, *, jobs: int, kills: int, seed: int) -> None:
        self._shape = shape
        self._orders = jobs // AT_ONCE
        self._kills = kills
        self._seed = seed

    def run(self) -> list[str]:
        """A sentence for each promise that was broken. Prints them after the figures."""
        with (
            tempfile.TemporaryDirectory(prefix="easel-chaos-") as folder,
            StrictStepfun(delay_seconds=0.3, late_seconds=4.0) as service,
            servers_of(self._shape, Path(folder)) as servers,
            product_on(
                servers,
                Path(folder),
                **service.variables,
                ENGINE_DEADLINE_SECONDS="3",
                WORKER_CONCURRENCY="32",
            ) as product,
        ):
            ada = product.sign_up()
            product.manage("credit", "ada@example.com", "100", "--reason", "chaos")
            customer = Customer(ada, service, self._seed)
            killer = Killer(product, servers, self._kills, self._seed)
            with Evidence(f"{self._shape}-{self._seed}", product, servers, killer) as evidence:
                begun = time.monotonic()
                self._order_and_kill(customer, killer, product)
                _wait_for_the_end(product, killer, service)
                seconds = time.monotonic() - begun
                print(f"{self._shape}, seed {self._seed}: {seconds:.0f} s", flush=True)
                print(figures(product, service, killer), flush=True)
                evidence.found += findings.of(product, service, customer)
        for sentence in evidence.found or ["nothing was lost, nothing was paid twice"]:
            print(f"  {'BROKEN: ' if evidence.found else ''}{sentence}", flush=True)
        return evidence.found

    def _order_and_kill(self, customer: Customer, killer: Killer, product: Product) -> None:
        """Orders come while something is away, and are spread over all the kills."""

        def may_come(number: int) -> bool:
            return number * self._kills <= (len(killer.killed) + 1) * self._orders

        moments = random.Random(f"moments {self._seed}")
        with ThreadPoolExecutor(1) as beside:
            ordering = beside.submit(customer.order, self._orders, may_come, END_SECONDS)
            while len(killer.killed) < self._kills and not _has_failed(ordering):
                _take_aim(product, moments)
                killer.kill()
            ordering.result()


def _has_failed(ordering: "Future[None]") -> bool:
    return ordering.done() and ordering.exception() is not None


def _take_aim(product: Product, moments: random.Random) -> None:
    """Waits until jobs run, if they do soon; then for any moment of the next second."""
    running = "SELECT 1 FROM studio_job WHERE state = 'running' LIMIT 1"
    with suppress(AssertionError):
        until(lambda: product.query(running), "a job running", AIM_SECONDS, every=0.1)
    time.sleep(moments.random())


def _wait_for_the_end(product: Product, killer: Killer, service: StrictStepfun) -> None:
    """Nothing is in the way any more. What has not ended in time is for the findings."""
    service.faults.clear()
    product.wait_until_ready()
    left = killer.killed[-1][0] + END_SECONDS - time.time() if killer.killed else END_SECONDS
    with suppress(AssertionError):
        until(lambda: not findings.unended(product), "all jobs ending", left, every=0.1)
