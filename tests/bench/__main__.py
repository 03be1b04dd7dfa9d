"""`make bench`: one table for each question, its floor beside it in the same run.

python -m tests.bench [hop] [idle] [calls] [added] [instant] [start] [gallery] [admin]
    [submits] [rate] [studio] [thumbs]

The gallery's and the admin's are of SQLite; with SHAPE=postgresql of PostgreSQL, with a million
images and jobs. MANY says another number.
"""

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.bench import galleries, latency, measure, rates
from tests.product import ROOT, Product, free_port, until
from tests.shapes import product_on, servers_of

SHAPES = ("sqlite", "postgresql", "redis")
TITLES = {
    "sqlite": "SQLite",
    "postgresql": "PostgreSQL, S3",
    "redis": "Redis broker, S3",
    "cluster": "Cluster",
}


@contextmanager
def running(module: str, port: int, *arguments: object) -> Iterator[None]:
    """A server of ours that answers on its port."""
    command = [sys.executable, "-m", f"tests.bench.{module}", str(port), *map(str, arguments)]
    server = subprocess.Popen(command, cwd=ROOT)
    try:
        until(lambda: is_open(port), f"{module} on its port")
        yield
    finally:
        server.kill()
        server.wait()


@contextmanager
def installation(
    shape: str, delay_seconds: float, size_bytes: int = 100_000, **variables: str
) -> Iterator[Product]:
    """The product in one of the shapes, before a service that answers after a fixed time."""
    port = free_port()
    with (
        tempfile.TemporaryDirectory(prefix="easel-bench-") as folder,
        running("upstream", port, delay_seconds, size_bytes),
        servers_of(shape, Path(folder)) as servers,
        product_on(
            servers,
            Path(folder),
            ENGINE="stepfun",
            STEP_API_KEY="bench",
            STEP_API_BASE=f"http://127.0.0.1:{port}/v1",
            WORKER_CONCURRENCY="130",
            **{"ENGINE_CONCURRENCY": "130"} | variables,
        ) as product,
    ):
        yield product


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def submit(product: Product, count: int, *options: str) -> str:
    """Returns what `tests.bench.submit` says."""
    return told_by("submit", product, str(count), *options)


def told_by(module: str, product: Product, *arguments: str) -> str:
    command = [sys.executable, "-m", f"tests.bench.{module}", *arguments]
    return subprocess.run(
        command,
        cwd=ROOT,
        env=product.environment,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ).stdout


def hop() -> None:
    """From the end of a submit to the arrival of the engine's call, 100 times, one by one.

    Beside it from the creation of the job, inside of the submit, to the claim.
    """
    say("From submit to the engine (ms)", "p50", "p95", "p50 to claim")
    for shape in SHAPES:
        with installation(shape, 0.02) as product:
            over_at = dict(
                line.split() for line in submit(product, 100, "--one-by-one").splitlines()
            )
            hops, claims = measure.hops_ms(product, over_at)
            p95 = statistics.quantiles(hops, n=20)[18]
            say(TITLES[shape], statistics.median(hops), p95, statistics.median(claims))


def idle() -> None:
    """The worker's CPU and memory while nobody does anything, over 20 seconds."""
    say("Idle worker", "% of a core", "MB")
    for shape in SHAPES:
        with installation(shape, 1.0) as product:
            time.sleep(3)
            pid = product.processes["worker"].pid
            before, begun = measure.cpu_seconds(pid), time.monotonic()
            time.sleep(20)
            share = (measure.cpu_seconds(pid) - before) / (time.monotonic() - begun)
            say(TITLES[shape], 100 * share, measure.memory_mb(pid))


def calls() -> None:
    """At most 130 calls of a second in flight on each machine: 2,600 jobs, queued before it starts.

    The floor is 130 a second. The installation may have more jobs in hand, which are being stored.
    Sustained is what is reached once the first have come back, which began all at once, and before
    the last begin. CPU and memory are those of the workers and all below them. The cluster has two
    machines; "in flight" is the most that the service had at once.
    """
    columns = ("sustained", "whole run", "MB", "CPU ms a job", "in flight", "of them a GB")
    say("130 one-second calls a machine", *columns)
    for shape, machines in (("sqlite", 1), ("postgresql", 1), ("cluster", 2)):
        with installation(shape, 1.0, ENGINE_CONCURRENCY=str(162 * machines)) as product:
            for worker in product.workers:
                product.stop(worker)
            submit(product, 2600)
            for worker in product.workers:
                product.start(worker)
            most_mb = measure.memory_until_done(product, 2600)
            cpu_ms = sum(map(measure.cpu_seconds, measure.pids(product))) * 1000 / 2600
            sustained = measure.sustained_a_second(product, after_seconds=5.0)
            rate, in_flight = measure.finished_a_second(product), measure.most_in_flight(product, 1)
            per_gb = round(in_flight * 1024 / most_mb)
            say(TITLES[shape], sustained, rate, most_mb, cpu_ms, in_flight, per_gb)


def added() -> None:
    """What `/v1` adds to a direct call whose picture has 1.3 MB: job, charge, storing and all.

    Beside it a pass-through that does nothing; last what keeping such a picture and reading it
    again takes by itself, by as many at once. "At most" is what may be added: for a service of 0.2
    s; for one that answers at once, what a well-known gateway without any of these adds; on the
    cluster so much more than the pass-through. Then pictures of other sizes, and edits, which
    nothing is said of; of 32 photos at once some are refused: few are read at a time.
    """
    usual, gateway = {1: 25.0, 8: 70.0, 32: 220.0}, {1: None, 8: 103.0, 32: 433.0}
    for shape, delay_seconds, most in (
        ("sqlite", 0.2, usual),
        ("sqlite", 0.0, gateway),
        ("postgresql", 0.2, usual),
        ("postgresql", 0.0, gateway),
        ("cluster", 1.0, {1: 25.0, 8: None, 32: 60.0}),
    ):
        _added(shape, delay_seconds, 1_300_000, "generations", most)
    several = {1: None, 8: None}
    for shape in ("sqlite", "cluster"):
        for size_bytes in (100_000, 5_000_000):
            _added(shape, 0.2, size_bytes, "generations", several | {32: None})
        _added(shape, 0.2, 1_300_000, "edits", several)


def _added(
    shape: str,
    delay_seconds: float,
    size_bytes: int,
    operation: str,
    most: Mapping[int, float | None],
) -> None:
    title = f"{TITLES[shape]}, {delay_seconds} s, {size_bytes / 1e6} MB, {operation}"
    say(title, "directly", "passed on", "/v1", "added", "at most", "storage alone")
    with installation(shape, delay_seconds, size_bytes, API_RATE="1000000") as product:
        key = latency.allow_all(product)
        stored = told_by("storing", product, str(size_bytes), *map(str, most)).split()
        service, port = urlsplit(product.environment["STEP_API_BASE"]).port, free_port()
        with running("passthrough", port, service):
            for (callers, limit_ms), stored_ms in zip(most.items(), stored, strict=True):
                times = latency.medians_ms(product, key, callers, port, operation)
                direct, passed, through = times
                floor = passed - direct if shape == "cluster" else 0.0
                limit = "" if limit_ms is None else floor + limit_ms
                say(f"  callers: {callers}", *times, through - direct, limit, float(stored_ms))


def instant() -> None:
    """Jobs whose engine answers at once with a tiny picture, beside tasks that do nothing.

    Both are queued before the workers start, on the database as the broker. The engine is in the
    worker's process, and its pictures get no previews; then it is a service, and they do.
    """
    columns = ("django-q2", "in process", "share", "a service", "share")
    say("Jobs a second, instant engine", *columns)
    in_files = {"S3_BUCKET": ""}
    for title, shape, variables in (
        ("SQLite", "sqlite", in_files),
        ("PostgreSQL, files", "postgresql", in_files),
        ("PostgreSQL, S3", "postgresql", {}),
    ):
        with installation(shape, 0.0, 100, **variables) as product:
            product.stop("worker")
            floor = float(told_by("noop", product, "3000"))
            found: list[object] = [floor]
            for line in (f"exec {sys.executable} -m tests.bench.instantly", ""):
                done = measure.done(product)
                submit(product, 1500)
                product.start("worker", line=line)
                measure.memory_until_done(product, done + 1500)
                product.stop("worker")
                rate = measure.finished_a_second(product, last=1500)
                found += [rate, f"{rate / floor:.2f}"]
            say(title, *found)


def start() -> None:
    """From nothing to the first page, the packages being there; then what each process holds."""
    for shape in ("sqlite", "cluster"):
        with ExitStack() as stack:
            begun = time.monotonic()
            product = stack.enter_context(installation(shape, 1.0))
            say(f"{TITLES[shape]}, cold start", "seconds", "MB")
            say("ready, with all that it stands on", time.monotonic() - begun, "")
            time.sleep(3)
            for name, process in product.processes.items():
                say(name, "", measure.memory_mb(process.pid))


def gallery() -> None:
    """Pages of many images against the same pages of a thousand."""
    _pages("images", galleries.asked, galleries.QUESTIONS, 50)


def admin() -> None:
    """Pages of the admin with many jobs against the same with a thousand; of an export its head.

    Ends with an error where one asks more statements of many than of few.
    """
    asked_more = _pages("jobs", galleries.asked_in_admin, galleries.ADMIN_QUESTIONS, 25)
    if asked_more:
        raise SystemExit(f"More statements with more jobs: {asked_more}")


def submits() -> None:
    """A submit and a claim beside many images and jobs, against the same beside a thousand."""
    _pages("images and jobs", galleries.asked_to_submit, galleries.SUBMITS, 110)


def rate() -> None:
    """Orders a second that are accepted by `/v1`, from callers that do not wait; nobody works.

    The floor is what the same callers get for the same order with `dry_run`: all but accepting it.
    """
    columns = [f"{callers} {what}" for callers in (1, 8, 32) for what in ("floor", "orders")]
    say("Orders a second, callers", *columns)
    for shape in ("sqlite", "postgresql", "cluster"):
        with installation(shape, 1.0, API_RATE="1000000") as product:
            key = latency.allow_all(product)
            for worker in product.workers:
                product.stop(worker)
            floor, orders = (rates.Caller(product.url, key, is_dry) for is_dry in (True, False))
            found: list[float] = []
            for callers in (1, 8, 32):
                found += rates.a_second([floor, orders], callers)
            say(TITLES[shape], *found)


def _pages(
    rows: str,
    asked: Callable[[str, int], AbstractContextManager[Callable[[str], galleries.Answer]]],
    questions: Sequence[str],
    times: int,
) -> list[str]:
    """Asked in turn, of many and of a thousand: ms at p95.

    Beside it what the web process computes of it, at the median, which a busy machine moves less.
    Returns what asks more statements of many.
    """
    shape, many = ("SQLite", 200_000)
    if os.environ.get("SHAPE") == "postgresql":
        shape, many = ("PostgreSQL", 1_000_000)
    many = int(os.environ.get("MANY") or many)
    say(f"{shape}, {rows}", "1,000", f"{many:,}", "ratio", "CPU ms", "ratio", "statements")
    asked_more = []
    with ExitStack() as stack:
        few, lots = (stack.enter_context(asked(shape, n)) for n in (1_000, many))
        for question in questions:
            pairs = [(few(question), lots(question)) for _ in range(times)][10:]
            before, after = zip(*pairs, strict=True)
            p95 = [
                statistics.quantiles([each.took_ms for each in one], n=20)[18]
                for one in (before, after)
            ]
            cpu = [statistics.median(each.computed_ms for each in one) for one in (before, after)]
            ratios = [f"{most / least:.2f}" for least, most in (p95, cpu)]
            statements = max(each.statements for each in (*before, *after))
            say(question, *p95, ratios[0], cpu[1], ratios[1], statements)
            if max(each.statements for each in after) > max(each.statements for each in before):
                asked_more.append(question)
    return asked_more


def studio() -> None:
    """What a person waits for on the studio page, in Chromium."""
    from tests.bench import studio as page  # which uses `installation`

    page.main()


def thumbs() -> None:
    """What a worker spends on a PNG of 1024 x 1024: CPU at the median, beside Pillow's decoding."""
    with tempfile.TemporaryDirectory(prefix="easel-bench-") as folder:
        environment = os.environ | {"DATA_DIR": folder, "ALLOWED_HOSTS": "127.0.0.1"}
        environment |= {"SITE_URL": "http://127.0.0.1"}
        for command in (["manage.py", "prepare"], ["-m", "tests.bench.thumbs"]):
            output = subprocess.DEVNULL if "prepare" in command else None
            run = [sys.executable, *command]
            subprocess.run(run, cwd=ROOT, env=environment, check=True, stdout=output)


def say(name: str, *figures: object) -> None:
    cells = [f"{each:.1f}" if isinstance(each, float) else str(each) for each in figures]
    sys.stdout.write(f"{name:<44}" + "".join(f"{cell:>14}" for cell in cells) + "\n")
    sys.stdout.flush()


TABLES: dict[str, Callable[[], None]] = {
    "hop": hop,
    "idle": idle,
    "calls": calls,
    "added": added,
    "instant": instant,
    "start": start,
    "gallery": gallery,
    "admin": admin,
    "submits": submits,
    "rate": rate,
    "studio": studio,
    "thumbs": thumbs,
}

if __name__ == "__main__":
    for name in sys.argv[1:] or TABLES:
        TABLES[name]()
        sys.stdout.write("\n")
