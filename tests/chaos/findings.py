"""What was broken, each in a sentence. Jobs, money, pictures and storage are looked at."""

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from tests.chaos.customer import PROMPT, Customer
from tests.engines.strict_stepfun import StrictStepfun
from tests.product import ROOT, Person, Product

AUDIT_SECONDS = 300


def of(product: Product, service: StrictStepfun, customer: Customer) -> Iterator[str]:
    """Stops the workers on the way: no sweep may mend what the audit is to find."""
    yield from _jobs(product, customer.accepted)
    yield from _money(product)
    yield from _calls(product, service)
    yield from _pictures(product, customer.person)
    yield from _logs(product)
    for worker in product.workers:
        if not product.stop(worker):
            yield f"the {worker} did not stop when it was told to"
    yield from _audit(product)


def unended(product: Product) -> list[Any]:
    return product.query(
        "SELECT id, state, attempt, faults, crashes, claimed_by, lease_until, not_before "
        "FROM studio_job WHERE finished_at IS NULL ORDER BY id"
    )


def _jobs(product: Product, accepted: int) -> Iterator[str]:
    known, delivered = product.query("SELECT count(*), count(image_id) FROM studio_job")[0]
    if known != accepted:
        yield f"{accepted} jobs were accepted, {known} are known"
    if delivered < accepted / 2:
        yield f"only {delivered} of {accepted} jobs were delivered"
    for job in unended(product):
        yield f"a job did not end: {' '.join(map(str, job))}"


def _money(product: Product) -> Iterator[str]:
    charged, times = product.query(
        "SELECT coalesce(sum(amount_micros), 0), count(*) FROM accounts_transfer "
        "WHERE reference LIKE 'job:%' AND state = 'posted'"
    )[0]
    worth, pictures = product.query(
        "SELECT coalesce(sum(price_micros), 0), count(*) FROM gallery_image WHERE kind <> 'upload'"
    )[0]
    if (charged, times) != (worth, pictures):
        yield f"{charged} micros were charged in {times}, {pictures} pictures cost {worth}"


def _calls(product: Product, service: StrictStepfun) -> Iterator[str]:
    counted = product.query("SELECT coalesce(sum(upstream_calls), 0) FROM studio_job")[0][0]
    if counted < service.images_made:
        yield f"the service made {service.images_made} pictures, the jobs know of {counted} calls"
    refused = product.query(
        "SELECT count(*) FROM studio_job WHERE error_code IN ('refused', 'out_of_service')"
    )[0][0]
    told = sum(1 for each in service.requests if each.fault == "400")
    if refused > told:  # a call that a kill has cut short is refused too, but no job hears of it
        yield f"{refused} jobs were refused, the service was told to refuse {told}"


def _pictures(product: Product, person: Person) -> Iterator[str]:
    """Each as its owner gets it."""
    for pk, sha256 in product.query("SELECT id, sha256 FROM gallery_image"):
        answer = person.get(f"/images/{UUID(str(pk))}/original")
        if answer.status_code != 200 or hashlib.sha256(answer.content).hexdigest() != sha256:
            yield f"picture {pk} came as {answer.status_code}, {len(answer.content)} bytes"


def _logs(product: Product) -> Iterator[str]:
    for name in (*product.webs, *product.workers):
        if PROMPT in product.log(name):
            yield f"a prompt is in the log of {name}"


def _audit(product: Product) -> Iterator[str]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos.audit"],
        cwd=ROOT,
        env=product.environment,
        capture_output=True,
        text=True,
        timeout=AUDIT_SECONDS,
        check=False,
    )
    yield from done.stdout.splitlines()
    if done.returncode:
        yield f"the audit did not get through: {done.stderr[-1_000:]}"
