"""The worst pictures, from many sides at once: both web processes answer as if nothing were."""

import os
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.gallery import makers
from tests.gallery.makers import encoded, png
from tests.product import Person, Product, free_port, until

pytestmark = [pytest.mark.xdist_group("product"), pytest.mark.long]
SIDE = 4096
BOMBING_SECONDS = 10
CLIENTS = 8  # of each web process
MEGABYTE = 1024**2

# Asks as a probe does, from a process that has nothing else to do.
PROBE = """
import http.client, sys, time
end = time.monotonic() + float(sys.argv[2])
while time.monotonic() < end:
    begun = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=20)
    connection.request("GET", "/healthz")
    assert connection.getresponse().status == 200
    connection.close()
    print((time.perf_counter() - begun) * 1000, flush=True)
    time.sleep(0.02)
"""


def worst() -> dict[str, bytes]:
    dice = np.random.default_rng(1)
    noise = Image.fromarray(dice.integers(0, 256, (2580, 2580, 3), np.uint8))
    photo = Image.fromarray(dice.integers(100, 140, (SIDE, SIDE, 3), np.uint8))
    largest = {
        mode: encoded(Image.new(mode, (SIDE, SIDE), 77), "PNG")
        for mode in ("1", "L", "P", "LA", "RGB", "RGBA", "I;16")
    }
    return largest | {
        "noise": encoded(noise, "PNG", compress_level=0),
        "interlaced": makers.interlaced(SIDE, SIDE),
        "progressive": encoded(photo, "JPEG", progressive=True),
        "many scans": makers.many_scans(SIDE, SIDE, scans=190),
        "CMYK": encoded(photo.convert("CMYK"), "JPEG"),
        "see-through WebP with all that there is": encoded(
            Image.new("RGBA", (SIDE, SIDE), (9, 8, 7, 6)),
            "WEBP",
            method=0,
            exif=makers.exif(orientation=6),
            icc_profile=makers.swapped_profile(),
        ),
        "zTXt bomb": makers.with_chunk(b"zTXt", b"k\0\0" + makers.bomb(100)),
        "iCCP bomb": makers.with_chunk(b"iCCP", b"k\0\0" + makers.bomb(100)),
        "APNG": makers.moving("PNG", 500),
        "huge": makers.png_of(50_000, 50_000),
        "20 MB": png() + bytes(20 * MEGABYTE - 10_000),
        "23 MB": png() + bytes(23 * MEGABYTE),
        "30 MB": bytes(30 * MEGABYTE),
    }


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    with Product(tmp_path, ENGINE="sketch") as running:
        yield running


def test_bombs_stop_nobody(product: Product) -> None:
    product.stop("worker")  # what is accepted waits: this is about the web
    second = free_port()
    product.start("web", port=second)
    ports = (product.port, second)
    until(lambda: all(status(port) for port in ports), "both answering")
    product.sign_up()
    product.manage("credit", "ada@example.com", "5", "--reason", "tests")
    before = {port: servers(product, port) for port in ports}

    answers: Counter[tuple[str, int]] = Counter()
    probes = [probe(port) for port in ports]
    throw(worst(), [again(product, port) for port in ports * CLIENTS], answers)
    times = sorted(float(line) for each in probes for line in each.communicate()[0].split())

    print(dict(Counter(code for _, code in answers.elements())), "answers", sep=" ")
    print(f"/healthz: {len(times)} x, p50 {statistics.median(times):.0f} ms, ", end="")
    print(f"p99 {times[len(times) * 99 // 100]:.0f} ms, at most {times[-1]:.0f} ms")
    for port in ports:
        print({pid: f"{peak_bytes(pid) // MEGABYTE} MB" for pid in servers(product, port)})
    assert {code for _, code in answers} <= {200, 413, 422, 503}
    assert {code for name, code in answers if name == "30 MB"} <= {413}
    assert any(code == 200 for _, code in answers)
    assert {port: servers(product, port) for port in ports} == before
    assert times[len(times) * 99 // 100] < 1_000
    for pid in set().union(*before.values()):
        assert peak_bytes(pid) < 1024 * MEGABYTE


def status(port: int) -> int:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz").status_code
    except httpx.TransportError:
        return 0


def again(product: Product, port: int) -> Person:
    """The first person in another browser, at that server."""
    other = Person(f"http://127.0.0.1:{port}")
    other.cookies.update(product.people[0].cookies)
    product.people.append(other)
    return other


def throw(bombs: dict[str, bytes], people: list[Person], answers: Counter[tuple[str, int]]) -> None:
    end = time.monotonic() + BOMBING_SECONDS

    def one(number: int, person: Person) -> None:
        names = list(bombs)
        while time.monotonic() < end:
            number += 1
            name = names[number % len(names)]
            answer = person.post(
                "/jobs/",
                data={"prompt": "turn it blue"},
                files={"photo": ("photo", bombs[name])},
                headers={"HX-Request": "true"},
            )
            answers[name, answer.status_code] += 1

    threads = [
        threading.Thread(target=one, args=(number * 3, person))
        for number, person in enumerate(people)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def probe(port: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", PROBE, str(port), str(BOMBING_SECONDS)],
        stdout=subprocess.PIPE,
        text=True,
    )


def servers(product: Product, port: int) -> set[int]:
    """The processes of one web server, without those that read pictures."""
    name = "web" if port == product.port else f"web:{port}"
    session = product.processes[name].pid
    found = set()
    for entry in Path("/proc").iterdir():
        with suppress(ValueError, OSError):
            is_reader = b"codec_child" in (entry / "cmdline").read_bytes()
            if os.getsid(int(entry.name)) == session and not is_reader:
                found.add(int(entry.name))
    return found


def peak_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
