from typing import Any

from django import forms

from accounts.books import Days
from accounts.forms.fields import DayField


class DaysForm(forms.Form):
    """Of the ledger, from its address. `days` of a valid one is what is asked for."""

    since = DayField(required=False, label="From (UTC)")
    until = DayField(required=False, label="Until (UTC)")

    def clean(self) -> dict[str, Any]:
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and until < since:
            self.add_error("until", "It ends before it begins.")
        return self.cleaned_data

    @property
    def days(self) -> Days:
        return Days(since=self.cleaned_data["since"], until=self.cleaned_data["until"])
