"""What a POST asks for: read by its types, then checked against the catalog, then decoded."""

import re
from dataclasses import dataclass
from typing import Any

from rest_framework.request import Request

from studio import catalog, offers, orders
from studio.api import fields, parsers, photos, presenting
from studio.api.errors import BadField
from studio.catalog import Model
from studio.engines.contract import Operation
from studio.jobs import Region, Upload
from studio.orders import Asked, NotOffered, Order, OrderError

_SIZE = re.compile("[1-9][0-9]{0,3}x[1-9][0-9]{0,3}", re.ASCII)
_FIELDS = {"count": "n", "photo": "image", "source": "image"}


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request whose types are right. `warnings` say what was rewritten on the way.

    `pictures` holds what came as `image` and as `mask`, undecoded. It is emptied once the order
    is accepted: they are not to lie in memory while the caller waits.
    """

    operation: Operation
    values: dict[str, Any]
    pictures: dict[str, bytes]
    warnings: list[str]

    @property
    def response_format(self) -> str:
        return str(self.values.get("response_format", "url"))


def read(request: Request, operation: Operation) -> Call:
    """Raises BadField, and the framework's exceptions for a body that is bent."""
    given = fields.read(parsers.read(request), operation)
    if "prompt" not in given.values:
        raise BadField("prompt", "Send a prompt.", code="missing_parameter")
    came = given.pictures
    wanted = ["image"] if operation == "edit" else []
    wanted += [name for name in came if came[name] and name not in wanted]
    return Call(
        operation=operation,
        values=given.values,
        pictures={name: photos.only(name, came.get(name, [])) for name in wanted},
        warnings=[f"{name} is ignored: no model here knows it." for name in given.ignored],
    )


def order(call: Call) -> Order:
    """Raises BadField."""
    try:
        return orders.check(_asked(call))
    except OrderError as error:
        raise _bad_field(error) from error


def upload(call: Call, order: Order) -> Upload | None:
    """The photo, decoded, which is the dearest step and so the last. Raises BadField."""
    if "image" not in call.pictures:
        return None
    picture = photos.normalised("image", call.pictures["image"])
    try:
        orders.check_photo(
            order, width=picture.width, height=picture.height, size_bytes=len(picture.data)
        )
    except OrderError as error:
        raise _bad_field(error) from error
    return Upload(picture=picture)


def region(call: Call, upload: Upload | None) -> Region | None:
    """Its mask is as large as the photo as it is seen, once its orientation is applied."""
    if upload is None or "mask" not in call.pictures:
        return None
    photo, mask = upload.picture, photos.normalised("mask", call.pictures["mask"])
    if (mask.width, mask.height) != (photo.width, photo.height):
        raise BadField(
            "mask",
            f"The mask is {mask.width} x {mask.height}; the image is "
            f"{photo.width} x {photo.height}, and both are to be the same.",
        )
    return Region(mask=mask)


def _bad_field(error: OrderError) -> BadField:
    code = "model_not_found" if isinstance(error, NotOffered) else "invalid_value"
    return BadField(_FIELDS.get(error.field, error.field), error.sentence, code=code)


def _asked(call: Call) -> Asked:
    values = call.values
    model = _model_name(call)
    cfg_scale = values.get("cfg_scale")
    return Asked(
        model=model,
        operation=call.operation,
        prompt=values["prompt"],
        negative_prompt=values.get("negative_prompt", ""),
        size=_size(call, catalog.models().get(model)),
        seed=values.get("seed"),
        steps=values.get("steps"),
        cfg_scale=float(cfg_scale) if cfg_scale and abs(cfg_scale) < 1e9 else cfg_scale,
        text_mode=values.get("text_mode", False),
        style_reference=values.get("style_reference"),
        count=values.get("n", 1),
    )


def _model_name(call: Call) -> str:
    """The one that was named, or the first that can do it. Raises BadField."""
    if "model" in call.values:
        return str(call.values["model"])
    able = [each.model.name for each in offers.all_on() if each.model.can(call.operation)]
    if not able:
        raise BadField("model", "No model can do this at the moment.", code="model_not_found")
    return able[0]


def _size(call: Call, model: Model | None) -> str | None:
    """What came in the model's own order, as width x height. Raises BadField."""
    size = call.values.get("size")
    if size is None or size == "auto" or model is None:
        return None
    wired = [presenting.wire_size(model, each) for each in model.sizes(call.operation)]
    if not _SIZE.fullmatch(size) or (wired and size not in wired):
        known = f"{model.title} takes {', '.join(wired)}." if wired else "A size is like 1024x1024."
        raise BadField("size", f"{known} They are {model.size_order}.")
    return presenting.wire_size(model, size)
