"""What a picture of 1024 x 1024 costs, part by part: python -m tests.bench.thumbs

CPU in milliseconds, which a busy machine moves less than the clock. The parts are done here, in one
process, and are medians; the whole is done as in the product, its reading child included, and is a
mean, as the system counts another process in steps of 10 ms.
"""

import io
import os
import statistics
import time
from collections.abc import Callable

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

import numpy as np  # noqa: E402
import psutil  # noqa: E402
from django.db import transaction  # noqa: E402
from PIL import Image as Pillow  # noqa: E402

from accounts import people  # noqa: E402
from accounts.models import Workspace  # noqa: E402
from gallery import codec, images, pictures, pixels  # noqa: E402
from gallery.models import Image  # noqa: E402
from tests.bench.__main__ import say  # noqa: E402

_TIMES = 20
_SIDE = 1024
_MOST_MS = 120


def main() -> None:
    _, workspace = people.with_workspace("bench@example.com")
    data = _png()
    image = pixels.plain(pictures.decode(data))
    large, small = pixels.fit(image, 1024), pixels.fit(image, 512)
    say(f"A PNG of {_SIDE} x {_SIDE}, {len(data) / 1e6:.1f} MB", "CPU ms")
    for name, act in (
        ("Pillow decodes it: the floor", lambda: Pillow.open(io.BytesIO(data)).load()),
        ("brought: decoded, written anew", lambda: pictures.normalise(data)),
        ("an engine's: verified", lambda: pictures.verify(data)),
        ("the original staged, and its row", lambda: _stored(workspace, data)),
        ("previews: decode", lambda: pixels.plain(pictures.decode(data))),
        ("previews: resize", lambda: pixels.fit(pixels.fit(image, 1024), 512)),
        ("previews: WebP, 512", lambda: pictures._webp(small, quality=80)),
        ("previews: WebP, 1024", lambda: pictures._webp(large, quality=85)),
        ("previews: placeholder", lambda: pictures._tiny(small)),
        ("previews: both staged", lambda: _staged_previews(data)),
    ):
        say(name, _median_ms(act, time.process_time))
    for name, keep in (("brought", codec.normalise), ("an engine's", codec.verify)):
        whole = _mean_ms(lambda keep=keep: _whole(workspace, keep(data)), _with_children)
        say(f"{name}, all of it; at most {_MOST_MS}", whole)


def _png() -> bytes:
    """As smooth as a photograph of 1.3 MB is."""
    slope = np.linspace(0, 240, _SIDE, dtype="uint8")[:, None, None]
    grain = np.random.default_rng(1).integers(0, 7, (_SIDE, _SIDE, 3), dtype="uint8")
    file = io.BytesIO()
    Pillow.fromarray(slope + grain).save(file, "PNG")
    return file.getvalue()


def _whole(workspace: Workspace, picture: pictures.Picture) -> None:
    images.make_previews(_stored(workspace, picture.data, picture))


def _stored(workspace: Workspace, data: bytes, picture: pictures.Picture | None = None) -> Image:
    """The object is staged beside, as in the product."""
    picture = picture or pictures.Picture(
        data=data, content_type="image/png", width=_SIDE, height=_SIDE
    )
    key = images.stage(data, suffix=picture.suffix, sha256=picture.sha256)
    with transaction.atomic():
        return images.store(
            workspace_id=workspace.pk, by_id=None, key=key, picture=picture, kind=Image.Kind.UPLOAD
        )


def _staged_previews(data: bytes) -> None:
    for part in (data[:30_000], data[:90_000]):
        images.stage(part, suffix="webp")


def _median_ms(act: Callable[[], object], clock: Callable[[], float]) -> float:
    act()
    taken = []
    for _ in range(_TIMES):
        begun = clock()
        act()
        taken.append(1000 * (clock() - begun))
    return statistics.median(taken)


def _mean_ms(act: Callable[[], object], clock: Callable[[], float]) -> float:
    act()
    begun = clock()
    for _ in range(_TIMES):
        act()
    return 1000 * (clock() - begun) / _TIMES


def _with_children() -> float:
    times = [psutil.Process(pid).cpu_times() for pid in codec.pids()]
    return time.process_time() + sum(each.user + each.system for each in times)


if __name__ == "__main__":
    main()
