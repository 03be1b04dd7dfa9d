import io
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import CommandParser, call_command
from django.core.management.base import BaseCommand, CommandError
from PIL import Image

from gallery import codec
from studio import offers, serving, starters
from studio.engines.contract import EngineError, EngineRequest
from studio.starters import Starter

_PHOTOS = {
    "hills": ("mountains and a lake, day, spring", (1184, 896), 11),
    "woman": ("portrait of a woman, sunset", (896, 1184), 3),
    "profile": ("portrait of a man, day", (896, 1184), 5),
}
_SIDE = 640
_SEED = 7


class Command(BaseCommand):
    help = (
        "Draws the pictures of the starter prompts with the engine that runs, which may cost what "
        "eight images cost there. They are shown from the next start on."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--into", type=Path, help="a folder of static files")
        parser.add_argument(
            "--photos", action="store_true", help="draw the photos that edits begin with, too"
        )

    def handle(self, *_args: Any, into: Path | None, photos: bool, **_options: Any) -> None:
        folder = (into or settings.DRAWN_DIR) / starters.FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        own = settings.BASE_DIR / "static" / starters.FOLDER
        if photos:
            for name, (prompt, size, seed) in _PHOTOS.items():
                (own / f"photo-{name}.webp").write_bytes(
                    _webp(_draw(prompt, size=size, seed=seed), side=max(size))
                )
        for starter in starters.every():
            photo = (own / f"photo-{starter.photo}.webp").read_bytes() if starter.photo else None
            (folder / f"{starter.name}.webp").write_bytes(_webp(_of(starter, photo), side=_SIDE))
            self.stdout.write(f"{starter.title}: drawn")
        if into is None:
            call_command("prepare")


def _of(starter: Starter, photo: bytes | None) -> bytes:
    return _draw(
        starter.prompt,
        size=None if photo else starter.shape,
        image=photo and codec.normalise(photo).data,
        text_mode=starter.text_mode,
        seed=_SEED,
    )


def _draw(prompt: str, *, image: bytes | None = None, **fields: Any) -> bytes:
    operation: Any = "edit" if image else "generate"
    able = [each.model for each in offers.all_on() if each.model.can(operation)]
    if not able:
        raise CommandError("No model on offer can do this.")
    model = able[0]
    request = EngineRequest(
        model=model.name,
        operation=operation,
        prompt=prompt,
        image=image,
        steps=int(model.steps.default),
        cfg_scale=model.cfg_scale.default,
        deadline_seconds=settings.ENGINE_DEADLINE_SECONDS,
        **fields,
    )
    try:
        return codec.verify(serving.engine(model.name).run(request).data).data
    except EngineError as error:
        raise CommandError(error.sentence) from error


def _webp(data: bytes, *, side: int) -> bytes:
    """From bytes that were verified."""
    image = Image.open(io.BytesIO(data)).convert("RGB")
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    image.save(file, "WEBP", quality=82, method=6)
    return file.getvalue()
