from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone

from accounts.forms.fields import Dollars
from accounts.models import ApiKey
from accounts.once import OnceForm

_SCOPES = {
    "generate": "Make and edit images, spend credit, and change collections",
    "read": "See images and usage",
}
_LONGEST = timedelta(days=3_650)


class KeyForm(forms.Form):
    """What may be changed of a key. Dollars and days become micros and a moment."""

    name = forms.CharField(
        max_length=100,
        error_messages={"required": "Say what the key is for."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    monthly_cap = Dollars(
        required=False,
        label="Monthly cap in dollars",
        help_text="Calls that would cost more in a calendar month (UTC) are refused.",
    )
    expires_on = forms.DateField(
        required=False,
        label="Last day",
        help_text="It works until the end of this day (UTC). Empty: until it is revoked.",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": "Use a day, like 2027-01-31."},
    )

    def __init__(self, data: QueryDict | None, *, key: ApiKey | None = None) -> None:
        super().__init__(data, initial=_initial(key))
        self._key = key

    def clean_expires_on(self) -> Any:
        day, today = self.cleaned_data["expires_on"], timezone.localdate()
        is_new = day and "expires_on" in self.changed_data
        if is_new and not today <= day <= today + _LONGEST:
            raise forms.ValidationError("Choose a day from today on, within ten years.")
        return day

    @property
    def columns(self) -> dict[str, Any]:
        """Of a valid form, as the verbs take them."""
        return {
            "name": self.cleaned_data["name"],
            "monthly_cap_micros": self.cleaned_data["monthly_cap"],
            "expires_at": self._expires_at(),
        }

    def _expires_at(self) -> datetime | None:
        day = self.cleaned_data["expires_on"]
        if self._key and "expires_on" not in self.changed_data:
            return self._key.expires_at
        return datetime.combine(day + timedelta(days=1), time(), UTC) if day else None


def _initial(key: ApiKey | None) -> dict[str, Any]:
    if key is None:
        return {}
    end = key.expires_at
    return {
        "name": key.name,
        "monthly_cap": key.monthly_cap_micros,
        "expires_on": (end - timedelta(microseconds=1)).date() if end else None,
    }


class NewKeyForm(OnceForm, KeyForm):
    scopes = forms.MultipleChoiceField(
        label="What it may do",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose one at least."},
    )

    def __init__(self, data: QueryDict | None, *, scopes: tuple[str, ...]) -> None:
        """`scopes` are those that the person's keys may have."""
        super().__init__(data)
        self.fields["scopes"].choices = [(each, _SCOPES[each]) for each in scopes]  # type: ignore[attr-defined]
        self.fields["scopes"].initial = scopes

    @property
    def columns(self) -> dict[str, Any]:
        asked = self.cleaned_data
        return {**super().columns, "scopes": asked["scopes"], "new_id": asked["new_id"]}
