"""One instruction for many pictures of the workspace: what a browser sends, as an order."""

import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid5

from django import forms
from django.db.models import QuerySet

from gallery.models import Image
from studio import orders
from studio.orders import Asked, Order, OrderError


class BatchForm(forms.Form):
    prompt = forms.CharField(required=False, strip=False)
    model = forms.CharField(required=False, max_length=60)
    seed = forms.IntegerField(required=False, error_messages={"invalid": "Use a whole number."})
    order_id = forms.UUIDField(required=False, error_messages={"invalid": "Load the page again."})

    def __init__(self, *args: Any, chosen: list[Image], **kwargs: Any) -> None:
        """`chosen` are pictures that the person may edit."""
        super().__init__(*args, **kwargs)
        self._chosen = chosen
        self.order: Order | None = None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        try:
            self.order = orders.check(self._asked(cleaned))
            for image in self._chosen:
                self._check_photo(self.order, image)
        except OrderError as error:
            self.add_error(error.field if error.field in self.fields else None, error.sentence)
        return cleaned

    def named(self) -> UUID | None:
        """The same form sent twice is one order; with other words or pictures it is another."""
        given: UUID | None = self.cleaned_data["order_id"]
        if given is None:
            return None
        said = [str(self.cleaned_data[name]) for name in ("prompt", "model", "seed")]
        return uuid5(given, json.dumps([*said, *(str(image.pk) for image in self._chosen)]))

    def _asked(self, cleaned: dict[str, Any]) -> Asked:
        return Asked(
            model=cleaned["model"],
            operation="edit",
            prompt=cleaned["prompt"].replace("\r\n", "\n"),
            seed=cleaned["seed"],
            photos=len(self._chosen),
            is_batch=True,
        )

    def _check_photo(self, order: Order, image: Image) -> None:
        try:
            orders.check_photo(
                order, width=image.width, height=image.height, size_bytes=image.size_bytes
            )
        except OrderError as error:
            sentence = f"“{image.title[:60]}” cannot be edited: {error.sentence}"
            raise OrderError("source", sentence) from error


def chosen(images: QuerySet[Image], names: Iterable[str]) -> list[Image]:
    """Those that `names` name, in that order and each once; what is no name of one is left out."""
    known = {str(image.pk): image for image in images.filter(pk__in=_uuids(names))}
    return [known[name] for name in dict.fromkeys(names) if name in known]


def _uuids(names: Iterable[str]) -> list[UUID]:
    found = []
    for name in names:
        try:
            found.append(UUID(name))
        except ValueError:
            continue
    return found
