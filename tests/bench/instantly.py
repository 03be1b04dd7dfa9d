"""The worker, with an engine in its own process that answers at once with a tiny picture.

python -m tests.bench.instantly. Previews are off.
"""

import io
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from PIL import Image as Pillow  # noqa: E402

from gallery.models import Image  # noqa: E402
from studio import catalog, serving  # noqa: E402
from studio.engines.contract import EngineRequest, EngineResult  # noqa: E402
from studio.queue.previews import Previews  # noqa: E402
from studio.queue.supervisor import Supervisor  # noqa: E402


class Instant:
    name = "instant"
    is_local = False

    def __init__(self) -> None:
        file = io.BytesIO()
        Pillow.new("RGB", (8, 8), "teal").save(file, "PNG")
        self._picture = file.getvalue()

    def run(self, request: EngineRequest) -> EngineResult:  # noqa: ARG002
        return EngineResult(data=self._picture, seed=1)

    def close(self) -> None:
        pass


def _no_preview(self: Previews, image: Image) -> None:
    pass


if __name__ == "__main__":
    made_by = dict.fromkeys(catalog.models(), Instant())
    serving.engines = lambda: made_by  # type: ignore[assignment]
    Previews.ask = _no_preview  # type: ignore[method-assign]
    Supervisor().run()
