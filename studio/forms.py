"""The studio's form: turns what a browser sends into an `Asked` and a photo.

Limits are not repeated here: `orders.check` and `codec.normalise` know them.
"""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid5

from django import forms

from gallery import codec
from gallery.models import Image
from gallery.pictures import PictureError
from studio import offers, orders
from studio.jobs import Region, Upload
from studio.orders import Asked, Order, OrderError

_WHOLE = {"invalid": "Use a whole number."}
_WORDS = (
    "prompt",
    "negative_prompt",
    "model",
    "size",
    "seed",
    "steps",
    "cfg_scale",
    "text_mode",
    "count",
)


class StudioForm(forms.Form):
    prompt = forms.CharField(required=False, strip=False)
    negative_prompt = forms.CharField(required=False, strip=False)
    model = forms.CharField(required=False, max_length=60)
    size = forms.CharField(required=False, max_length=20)
    seed = forms.IntegerField(required=False, error_messages=_WHOLE)
    steps = forms.IntegerField(required=False, error_messages=_WHOLE)
    cfg_scale = forms.FloatField(required=False, error_messages={"invalid": "Use a number."})
    text_mode = forms.BooleanField(required=False)
    count = forms.IntegerField(required=False, error_messages=_WHOLE)
    photo = forms.FileField(required=False, allow_empty_file=True)
    source = forms.UUIDField(required=False, error_messages={"invalid": "This photo is gone."})
    mask = forms.FileField(required=False, allow_empty_file=True)
    feather = forms.IntegerField(
        required=False, min_value=0, max_value=orders.MAX_FEATHER, error_messages=_WHOLE
    )
    order_id = forms.UUIDField(required=False, error_messages={"invalid": "Load the page again."})

    def __init__(
        self,
        *args: Any,
        images: Any,
        check: Callable[..., None],
        **kwargs: Any,
    ) -> None:
        """`images` are those that the person may edit.

        `check` is asked about order and order_id before a photo is decoded, which is the
        dearest step. What it raises, and CodecBusy, come out of `is_valid`.
        """
        super().__init__(*args, **kwargs)
        self._images = images
        self._check = check
        self.order: Order | None = None
        self.to_edit: Image | Upload | None = None
        self.region: Region | None = None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        try:
            self.order = orders.check(self._asked(cleaned))
            self.to_edit = self._photo(self.order, cleaned)
            self._check_photo(self.order)
            self.region = self._region(cleaned)
            cleaned["order_id"] = self._order_id(cleaned)
        except OrderError as error:
            self.add_error(error.field, error.sentence)
        except PictureError as error:
            self.add_error("photo", error.sentence)
        return cleaned

    def _order_id(self, cleaned: dict[str, Any]) -> UUID | None:
        """The same form with the same words is one order; with other words it is another."""
        if cleaned["order_id"] is None:
            return None
        photo = self.to_edit
        of = photo.picture.sha256 if isinstance(photo, Upload) else photo and photo.pk
        where = self.region and (self.region.mask.sha256, self.region.feather)
        words = json.dumps([str((of, where)), *(str(cleaned[name]) for name in sorted(_WORDS))])
        return uuid5(cleaned["order_id"], words)

    def _asked(self, cleaned: dict[str, Any]) -> Asked:
        offered = offers.all_on()
        return Asked(
            model=cleaned["model"] or (offered[0].model.name if offered else ""),
            operation="edit" if self._is_edit(cleaned) else "generate",
            prompt=_unix(cleaned["prompt"]),
            negative_prompt=_unix(cleaned["negative_prompt"]),
            size=cleaned["size"] or None,
            seed=cleaned["seed"],
            steps=cleaned["steps"],
            cfg_scale=cleaned["cfg_scale"],
            text_mode=cleaned["text_mode"],
            count=1 if cleaned["count"] is None else cleaned["count"],
        )

    def _is_edit(self, cleaned: dict[str, Any]) -> bool:
        return cleaned["photo"] is not None or cleaned["source"] is not None

    def _photo(self, order: Order, cleaned: dict[str, Any]) -> Image | Upload | None:
        if len(self.files.getlist("photo")) > 1:
            raise OrderError("photo", "Send one photo at a time.")
        if cleaned["photo"] is not None:
            self._check(order=order, order_id=cleaned["order_id"])
            with cleaned["photo"] as file:  # closed at once: up to 20 MB would lie there twice
                data = file.read()
            return Upload(picture=codec.normalise(data))
        if not cleaned["source"]:
            return None
        found: Image | None = self._images.filter(pk=cleaned["source"]).first()
        if found is None:
            raise OrderError("source", "This photo is gone. Choose another.")
        return found

    def _region(self, cleaned: dict[str, Any]) -> Region | None:
        if cleaned["mask"] is None or self.to_edit is None:
            return None
        photo = self.to_edit.picture if isinstance(self.to_edit, Upload) else self.to_edit
        try:
            with cleaned["mask"] as file:
                mask = codec.mask(file.read())
        except PictureError as error:
            raise OrderError("mask", f"The region cannot be read. {error.sentence}") from error
        orders.check_mask(mask=(mask.width, mask.height), photo=(photo.width, photo.height))
        return Region(mask=mask, feather=cleaned["feather"])

    def _check_photo(self, order: Order) -> None:
        if isinstance(self.to_edit, Upload):
            kept = self.to_edit.picture
            orders.check_photo(
                order, width=kept.width, height=kept.height, size_bytes=len(kept.data)
            )
        elif self.to_edit is not None:
            image = self.to_edit
            orders.check_photo(
                order, width=image.width, height=image.height, size_bytes=image.size_bytes
            )


class QuoteForm(StudioForm):
    """As the studio's, but for a price: what would come along is only said to."""

    has_photo = forms.BooleanField(required=False)
    has_region = forms.BooleanField(required=False)
    is_region_empty = forms.BooleanField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, check=lambda **_: None, **kwargs)

    def _is_edit(self, cleaned: dict[str, Any]) -> bool:
        return cleaned["has_photo"] or super()._is_edit(cleaned)


def _unix(text: str) -> str:
    """Browsers send line breaks as two characters; the limit counts one."""
    return text.replace("\r\n", "\n")
