"""Forms that make something once, however often they are sent.

MadeAlready   it was made when the form was sent before, and shown then
"""

from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Model

from accounts import ids

_STALE = "Load the page again."


class MadeAlready(Exception):
    pass


class OnceForm(forms.Form):
    """`new_id` goes out with the form, as the id that what it makes is to have.

    `accounts/_once.html` is its part of the page.
    """

    new_id = forms.UUIDField(
        widget=forms.HiddenInput, error_messages={"required": _STALE, "invalid": _STALE}
    )

    @property
    def fresh_id(self) -> UUID:
        return ids.new()


def check(model: type[Model], new_id: UUID | None) -> None:
    """Raises MadeAlready. To be asked under a lock that others who make such a thing take too."""
    rows: Any = model._default_manager
    if new_id and rows.filter(pk=new_id).exists():
        raise MadeAlready
