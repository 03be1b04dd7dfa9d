"""Pictures are read in bounded processes, which may die of them; ours may not."""

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image

from gallery import codec, codec_child, codec_reader, pictures
from gallery.codec import CodecBusy, Room
from gallery.pictures import PictureError
from tests.gallery import makers
from tests.gallery.makers import encoded, jpeg, png, webp
from tests.gallery.test_pictures import REFUSED
from tests.product import ROOT, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
LARGEST = {
    "RGB": encoded(Image.new("RGB", (4096, 4096), "teal"), "PNG"),
    "RGBA, on its side, with a profile": encoded(
        Image.new("RGBA", (4096, 4096), (9, 8, 7, 6)),
        "WEBP",
        method=0,
        exif=makers.exif(orientation=6),
        icc_profile=makers.swapped_profile(),
    ),
    "16 bits": encoded(Image.new("I;16", (4096, 4096), 40_000), "PNG"),
    "CMYK": encoded(Image.new("CMYK", (4096, 4096), (10, 200, 30, 0)), "JPEG"),
    "progressive": encoded(Image.new("RGB", (4096, 4096), "teal"), "JPEG", progressive=True),
}


@pytest.fixture(autouse=True)
def _room() -> Iterator[None]:
    """Afterwards as it was, and no reader of this test is left."""
    yield
    codec.allow(Room())


def memory_bytes(pid: int, what: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(what))


def is_gone(pid: int) -> bool:
    """Also one that nobody has waited for."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True


def reader() -> int:
    codec.verify(jpeg())
    (pid,) = codec.pids()
    return pid


@pytest.mark.parametrize("verb", ["normalise", "verify", "previews"])
@pytest.mark.parametrize("make", [jpeg, png, webp])
def test_a_picture_is_read_as_in_our_own_process(make: type, verb: str) -> None:
    data = make(600, 300, exif=makers.exif(orientation=6))
    assert getattr(codec, verb)(data) == getattr(pictures, verb)(data)


# Whose checksums agree: what an encoder wrote that does not know its trade.
PIXELS = ("a filter that is none", "pixels missing")


@pytest.mark.parametrize("name", PIXELS)
def test_the_pixels_of_a_plain_png_are_looked_at_with_its_previews(name: str) -> None:
    codec.allow(Room(readers=1))
    assert codec.verify(REFUSED[name][0]).content_type == "image/png"
    assert not codec.pids()
    with pytest.raises(PictureError):
        codec.previews(REFUSED[name][0])


@pytest.mark.parametrize("verb", ["normalise", "verify", "previews"])
def test_what_is_refused_is_refused_with_the_same_sentence(verb: str) -> None:
    codec.allow(Room(readers=1))
    pid = reader()
    for name, (data, _) in REFUSED.items():
        if verb == "normalise" or name not in {
            "larger than 20 MB",
            *(PIXELS if verb == "verify" else ()),
        }:
            with pytest.raises(PictureError) as ours:
                getattr(pictures, verb)(data)
            with pytest.raises(PictureError) as theirs:
                getattr(codec, verb)(data)
            assert theirs.value.sentence == ours.value.sentence
    assert codec.pids() == {pid}
    assert memory_bytes(pid, "VmHWM") < 128 * 1024**2


@pytest.mark.parametrize("kind", LARGEST)
def test_the_largest_are_read_within_the_bounds(kind: str) -> None:
    codec.allow(Room(readers=1))
    pid = reader()
    assert codec.normalise(LARGEST[kind]).width == 4096
    assert codec.verify(LARGEST[kind]).width == 4096
    assert codec.previews(LARGEST[kind]).large
    assert memory_bytes(pid, "VmPeak") < 512 * 1024**2
    assert memory_bytes(pid, "VmRSS") < 160 * 1024**2


def test_a_reader_has_no_secret_and_few_rights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEP_API_KEY", "xyzzy-plugh")
    pid = reader()
    environment = Path(f"/proc/{pid}/environ").read_bytes()
    names = {entry.partition(b"=")[0].decode() for entry in environment.split(b"\0") if entry}
    assert names == {
        "LANG",
        "MALLOC_MMAP_THRESHOLD_",
        "MALLOC_TRIM_THRESHOLD_",
        "PATH",
        "PYTHONPATH",
    }
    assert b"xyzzy" not in environment
    assert resource.prlimit(pid, resource.RLIMIT_AS) == (1024**3, 1024**3)
    for limit in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE):
        assert resource.prlimit(pid, limit) == (0, 0)
    assert os.getpriority(os.PRIO_PROCESS, pid) == os.getpriority(os.PRIO_PROCESS, 0) + 5
    assert Path(f"/proc/{pid}/oom_score_adj").read_text().strip() == "800"
    opened = {os.readlink(file) for file in Path(f"/proc/{pid}/fd").iterdir()}
    assert {name.partition(":")[0] for name in opened} == {
        "pipe",
        "/dev/null",
        f"/proc/{pid}/statm",
    }


def test_the_child_knows_no_django() -> None:
    said = subprocess.check_output(
        [sys.executable, "-c", "import sys, gallery.codec_child; print('django' in sys.modules)"],
        cwd=ROOT,
        text=True,
    )
    assert said == "False\n"


def test_one_that_stalls_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    pid = reader()
    monkeypatch.setattr(codec_reader, "LIMIT_SECONDS", 0.3)
    os.kill(pid, signal.SIGSTOP)
    begun = time.monotonic()
    with pytest.raises(PictureError, match="takes too long to read"):
        codec.normalise(LARGEST["RGB"])
    assert time.monotonic() - begun < 5
    assert is_gone(pid)
    monkeypatch.undo()
    assert codec.verify(jpeg()).width == 64


# A picture that takes for ever: the decoder spins, and no signal handler is run by it.
SPINNING = """
import gallery.codec_child as child
child._DO["normalise"] = lambda data: any(iter(int, 1))
child.CPU_SECONDS = 0.5
child.main()
"""


def test_one_that_spins_ends_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    start = subprocess.Popen
    monkeypatch.setattr(
        codec_reader.subprocess,
        "Popen",
        lambda _, **options: start([sys.executable, "-c", SPINNING], **options),
    )
    codec.allow(Room())
    begun = time.monotonic()
    with pytest.raises(PictureError, match="takes too long to read"):
        codec.normalise(png())
    assert time.monotonic() - begun < codec_reader.LIMIT_SECONDS
    monkeypatch.undo()
    assert codec.verify(jpeg()).width == 64


# A picture that makes its reader wait for ever, while nobody is left to count the seconds.
SLEEPING = """
import time
import gallery.codec_child as child
child._DO["normalise"] = lambda data: time.sleep(60)
child.LIMIT_SECONDS = -0.5
child.main()
"""


def test_one_that_sleeps_ends_itself_though_its_parent_is_gone() -> None:
    request = codec_reader.REQUEST.pack(codec_child.VERBS.index("normalise"), 1) + b"x"
    with subprocess.Popen(
        [sys.executable, "-c", SLEEPING], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdin
        child.stdin.write(request)
        child.stdin.flush()
        assert child.wait(20) == -signal.SIGALRM


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL])
def test_one_that_crashes_is_replaced(
    number: signal.Signals, caplog: pytest.LogCaptureFixture
) -> None:
    pid = reader()
    os.kill(pid, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(codec.normalise, png())
        time.sleep(0.1)
        os.kill(pid, number)
        os.kill(pid, signal.SIGCONT)
        with pytest.raises(PictureError, match="cannot be read safely"):
            waiting.result()
    assert f"code={-number}" in caplog.text
    assert codec.verify(jpeg()).width == 64
    assert pid not in codec.pids()


def test_one_without_memory_refuses_or_is_replaced() -> None:
    pid = reader()
    held = memory_bytes(pid, "VmSize")
    resource.prlimit(pid, resource.RLIMIT_AS, (held + 8 * 1024**2, held + 8 * 1024**2))
    with pytest.raises(PictureError):
        codec.normalise(LARGEST["RGB"])
    codec.allow(Room())
    assert codec.normalise(LARGEST["RGB"]).width == 4096


def test_one_that_died_while_idle_harms_no_picture() -> None:
    pid = reader()
    os.kill(pid, signal.SIGKILL)
    until(lambda: is_gone(pid), "its end")
    assert codec.normalise(png()).width == 64


def test_what_a_reader_says_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A decoder that was taken over could say anything."""
    good = b'{"content_type":"image/png","width":8,"height":8,"sizes":[],"is_last":false}'
    start = subprocess.Popen
    for said in (
        good.replace(b"image/png", b"text/html"),
        good.replace(b'"width":8', b'"width":99999'),
        good.replace(b'"width":8', b'"width":"8"'),
        good.replace(b"[]", b"[1099511627776]"),
        good.replace(b"false", b"0"),
        b'{"sizes":[],"is_last":false}',
        b"[]",
        b"7",
        b"{",
    ):
        whole = codec_reader.ANSWER.pack(len(said)) + said
        code = f"import os,sys;sys.stdin.buffer.read(6);os.write(1,{whole!r});sys.stdin.read()"
        command = [sys.executable, "-c", code]
        with monkeypatch.context() as patch:
            patch.setattr(
                codec_reader.subprocess,
                "Popen",
                lambda _, command=command, **options: start(command, **options),
            )
            codec.allow(Room())
            with pytest.raises(PictureError, match="cannot be read safely"):
                codec.verify(b"1")


def test_readers_are_shared_by_eight_threads() -> None:
    data = {make: make(200, 100) for make in (jpeg, png, webp)}
    kept = {make: pictures.normalise(each) for make, each in data.items()}

    def read(number: int) -> bool:
        make = (jpeg, png, webp)[number % 3]
        return codec.normalise(data[make]) == kept[make] and len(codec.pids()) <= 2

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(read, range(80)))


def test_who_finds_no_room_is_told_at_once_or_after_a_while() -> None:
    codec.allow(Room(readers=1, waiting=1, patience_seconds=0.3))
    pid = reader()
    os.kill(pid, signal.SIGSTOP)
    with ThreadPoolExecutor(2) as threads:
        reading = threads.submit(codec.verify, jpeg())
        time.sleep(0.05)
        waiting = threads.submit(codec.verify, jpeg())
        time.sleep(0.05)
        begun = time.monotonic()
        with pytest.raises(CodecBusy) as refusal:
            codec.verify(jpeg())
        assert time.monotonic() - begun < 0.1
        assert refusal.value.sentence.startswith("Many photos are being read")
        with pytest.raises(CodecBusy):
            waiting.result()
        os.kill(pid, signal.SIGCONT)
        assert reading.result().width == 64
    assert codec.verify(jpeg()).width == 64


def test_a_reader_is_renewed_after_so_many_pictures() -> None:
    codec.allow(Room(readers=1))
    pid = reader()
    for _ in range(499):
        codec.verify(jpeg(1, 1))
    assert codec.pids() == set()
    assert is_gone(pid)
    assert codec.verify(jpeg()).width == 64


PARENT = """
import os, sys, time
from gallery import codec
codec.verify(bytes.fromhex(sys.argv[1]))
ours = codec.pids()
print(*ours, flush=True)
if sys.argv[2] == "fork":
    if os.fork() == 0:
        assert codec.pids() == set()
        assert codec.verify(bytes.fromhex(sys.argv[1])).width == 64
        assert codec.pids() and not codec.pids() & ours
        print(*codec.pids(), flush=True)
        os._exit(0)
    assert os.wait()[1] == 0
    codec.verify(bytes.fromhex(sys.argv[1]))
    assert codec.pids() == ours
elif sys.argv[2] == "busy":
    from PIL import Image
    import io
    file = io.BytesIO()
    Image.new("RGBA", (4096, 4096)).save(file, "PNG", compress_level=1)
    print("reads", flush=True)
    codec.normalise(file.getvalue())
print("done", flush=True)
time.sleep(60)
"""


def parent(task: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", PARENT, jpeg().hex(), task],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(("task", "last_line"), [("idle", "done\n"), ("busy", "reads\n")])
def test_readers_end_with_their_parent(task: str, last_line: str) -> None:
    with parent(task) as started:
        assert started.stdout
        pid = int(started.stdout.readline())
        assert started.stdout.readline() == last_line
        assert not is_gone(pid)
        started.kill()
        until(lambda: is_gone(pid), "the reader's end", seconds=25)


def test_a_reader_started_by_a_thread_outlives_it() -> None:
    thread = threading.Thread(target=reader)
    thread.start()
    thread.join()
    (pid,) = codec.pids()
    time.sleep(0.2)
    assert not is_gone(pid)
    assert reader() == pid


def test_a_fork_starts_readers_of_its_own() -> None:
    with parent("fork") as started:
        assert started.stdout
        ours, its = (int(started.stdout.readline()) for _ in range(2))
        assert ours != its
        assert started.stdout.readline() == "done\n"
        until(lambda: is_gone(its), "the end of the fork's reader")
        assert not is_gone(ours)
        started.kill()
        until(lambda: is_gone(ours), "the reader's end")
