"""Reads processes (proc(5)) and the job table."""

import json
import os
import time
from bisect import bisect_left
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from tests.product import Product

_TICKS = os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """Those too that a thread has started, such as readers of pictures."""
    try:
        process = psutil.Process(pid)
        return [pid, *(each.pid for each in process.children(recursive=True))]
    except psutil.NoSuchProcess:
        return []


def cpu_seconds(pid: int) -> float:
    """Of a process and all below it, those included that have ended."""
    ticks = 0
    for each in family(pid):
        try:
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        except FileNotFoundError:
            continue
        ticks += sum(map(int, fields[11:15]))
    return ticks / _TICKS


def memory_mb(pid: int) -> float:
    """Proportional set size of a process and all below it."""
    kilobytes = 0
    for each in family(pid):
        try:
            lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
        except (FileNotFoundError, ProcessLookupError):
            continue
        kilobytes += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kilobytes / 1024


def memory_until_done(product: Product, jobs: int, limit_seconds: float = 300.0) -> float:
    """The most that was seen until so many jobs were done, looking once a second.

    The worker's log is asked, since asking the database would cost what is measured.
    """
    most, until = 0.0, time.monotonic() + limit_seconds
    while done(product) < jobs and time.monotonic() < until:
        most = max(most, sum(map(memory_mb, pids(product))))
        time.sleep(1)
    return most


def done(product: Product) -> int:
    """How many jobs have succeeded, as the workers' logs say."""
    return sum(product.log(worker).count("succeeded job=") for worker in product.workers)


def pids(product: Product) -> list[int]:
    """Of the workers."""
    return [product.processes[worker].pid for worker in product.workers]


def most_in_flight(product: Product, delay_seconds: float) -> int:
    """The most calls that a service which answers after this time has had at once."""
    came = sorted(map(float, ask(product, "list(Job.objects.values_list('trace_id', flat=True))")))
    return max(n - bisect_left(came, at - delay_seconds) for n, at in enumerate(came, 1))


def hops_ms(product: Product, over_at: Mapping[str, str]) -> tuple[list[float], list[float]]:
    """From the end of each submit to the service, and from its job's creation to the claim."""
    rows = (
        "[[str(j.pk), float(j.trace_id), (j.started_at - j.created_at).total_seconds()]"
        " for j in Job.objects.all()]"
    )
    found: list[tuple[str, float, float]] = ask(product, rows)
    hops = [1000 * (came_at - float(over_at[job])) for job, came_at, _ in found]
    return hops, [1000 * claim for *_, claim in found]


def finished_a_second(product: Product, *, last: int = 0) -> float:
    """Over the whole run, or that of the last so many, from the first claim to the last end."""
    times = sorted(_times(product))[-last:]
    return len(times) / (max(end for _, end in times) - min(begin for begin, _ in times))


def sustained_a_second(product: Product, *, after_seconds: float) -> float:
    """As many as may be are in flight: from so long after the first claim until the last one."""
    times = _times(product)
    begun, over = min(begin for begin, _ in times) + after_seconds, max(begin for begin, _ in times)
    return sum(begun < end <= over for _, end in times) / (over - begun)


def _times(product: Product) -> list[tuple[float, float]]:
    """Of each job, from its claim to its end."""
    rows = "[[j.started_at.timestamp(), j.finished_at.timestamp()] for j in Job.objects.all()]"
    found: list[tuple[float, float]] = ask(product, rows)
    return found


def ask(product: Product, expression: str) -> Any:
    code = f"import json; from studio.models import Job; print(json.dumps({expression}))"
    return json.loads(product.manage("shell", "-v0", "-c", code).splitlines()[-1])
