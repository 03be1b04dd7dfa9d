from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone

from accounts.once import OnceForm
from gallery.models import ShareLink
from gallery.sharing.links import USUAL_LIFE, Terms

_LONGEST = timedelta(days=3_650)
_BOXES = ("shows_recipe", "shows_before", "allows_download", "allows_preview")


class ShareForm(forms.Form):
    """What a link lets people see and do. `link` None: it is about to be made."""

    expires_on = forms.DateField(
        required=False,
        label="Last day",
        help_text="It works until the end of this day (UTC). Empty: until it is revoked.",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": "Use a day, like 2027-01-31."},
    )
    password = forms.CharField(
        required=False,
        max_length=128,
        label="Password",
        help_text="Whoever has the link is asked for it.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    keeps_password = forms.BooleanField(
        required=False, initial=True, label="Keep the password that it has"
    )
    shows_recipe = forms.BooleanField(required=False, label="Show prompt and settings")
    shows_before = forms.BooleanField(
        required=False, label="Compare edits with the picture before, by a slider"
    )
    allows_download = forms.BooleanField(required=False, label="Allow downloads")
    allows_preview = forms.BooleanField(
        required=False,
        label="Let other sites show a preview",
        help_text="Where the link is posted, its picture is seen by everybody there.",
    )

    def __init__(
        self, data: QueryDict | None, *, link: ShareLink | None = None, is_edit: bool = True
    ) -> None:
        super().__init__(data, initial=_initial(link))
        self._link = link
        if not (link and link.password_hash):
            del self.fields["keeps_password"]
        if not is_edit:
            del self.fields["shows_before"]

    def clean_expires_on(self) -> Any:
        day, today = self.cleaned_data["expires_on"], timezone.now().date()
        is_new = day and "expires_on" in self.changed_data
        if is_new and not today <= day <= today + _LONGEST:
            raise forms.ValidationError("Choose a day from today on, within ten years.")
        return day

    @property
    def terms(self) -> Terms:
        """Of a valid form."""
        asked = self.cleaned_data
        boxes = {name: asked.get(name, False) for name in _BOXES}
        keeps = asked.get("keeps_password", False) and not asked["password"]
        return Terms(
            expires_at=self._expires_at(),
            password=None if keeps else asked["password"],
            **boxes,
        )

    def _expires_at(self) -> datetime | None:
        day = self.cleaned_data["expires_on"]
        if self._link and "expires_on" not in self.changed_data:
            return self._link.expires_at
        return datetime.combine(day + timedelta(days=1), time(), UTC) if day else None


def _initial(link: ShareLink | None) -> dict[str, Any]:
    if link is None:
        return {
            "expires_on": (timezone.now() + USUAL_LIFE).date(),
            "shows_recipe": True,
            "allows_download": True,
        }
    boxes = {name: getattr(link, name) for name in _BOXES}
    return {**boxes, "expires_on": link.last_day, "keeps_password": True}


class NewShareForm(ShareForm, OnceForm):
    pass
