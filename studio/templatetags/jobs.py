from collections.abc import Mapping, Sized
from typing import Any
from urllib.parse import urlsplit

from django import template
from django.utils import timezone

from studio import catalog, serving
from studio.models import Job

register = template.Library()
_SQUARE = (1024, 1024)


@register.filter
def box(job: Job) -> tuple[int, int]:
    """(width, height) that the card keeps free: of the picture, the photo, or as asked."""
    known = job.image or job.source
    if known:
        return known.width, known.height
    return catalog.pixels(job.size) if job.size else _SQUARE


@register.filter
def elapsed_ms(job: Job) -> int:
    """Since it began, or since it was asked for, by the server's clock."""
    since = job.started_at or job.created_at
    return max(0, round((timezone.now() - since).total_seconds() * 1000))


@register.filter
def of(table: Mapping[Any, Any], key: Any) -> Any:
    """What the table has for the key; "" where it has nothing, or is not there."""
    return table.get(key, "") if table else ""


@register.filter
def subtract(number: int, some: Sized) -> int:
    return number - len(some)


@register.filter
def minus(number: int) -> int:
    return -number


@register.filter
def model_title(name: str) -> str:
    model = catalog.models().get(name)
    return model.title if model else name


@register.filter
def photos_go(model: str) -> str:
    """Where a photo that this model edits goes, in a sentence."""
    server = serving.server(model)
    if server.engine == "stepfun":
        return "Photos go to StepFun's service and are handled by its terms."
    if server.engine == "openai":
        host = urlsplit(server.address).netloc.rpartition("@")[2]
        return f"Photos go to the server at {host} and are handled by its operator's terms."
    return "Photos stay on this server: Sketch draws them here."


@register.filter
def sides(size: str) -> tuple[int, int]:
    """(width, height) of "WxH"."""
    return catalog.pixels(size)


@register.filter
def little(size: str) -> tuple[int, int, int, int]:
    """(x, y, width, height) of a rectangle of this shape, centred in 24 by 24."""
    width, height = catalog.pixels(size)
    scale = 18 / max(width, height)
    across, down = round(width * scale), round(height * scale)
    return (24 - across) // 2, (24 - down) // 2, across, down


@register.filter
def ratio_name(size: str) -> str:
    """The ratio in words of small numbers, as near as one is: "16:9", "1:1"."""
    width, height = catalog.pixels(size)
    names = ((1, 1), (4, 3), (3, 4), (3, 2), (2, 3), (8, 5), (5, 8), (16, 9), (9, 16))
    across, down = min(names, key=lambda name: abs(name[0] / name[1] - width / height))
    return f"{across}:{down}"
