from collections.abc import Collection
from typing import Any

from django import forms
from django.http import QueryDict

from accounts import members
from accounts.forms.fields import Dollars
from accounts.models import Membership, Role, Workspace
from accounts.once import OnceForm


class NameField(forms.CharField):
    """Of a team. It stands in letters to strangers, so it is one line and no address."""

    def __init__(self) -> None:
        super().__init__(
            max_length=60,
            error_messages={"required": "Give the team a name."},
            widget=forms.TextInput(attrs={"autocomplete": "off"}),
        )

    def clean(self, value: Any) -> str:
        name: str = super().clean(" ".join(str(value or "").split()))
        if not name.isprintable() or "://" in name or "www." in name.lower():
            raise forms.ValidationError("Use a name without addresses or control characters.")
        return name


class NameForm(forms.Form):
    name = NameField()


class NewTeamForm(OnceForm, NameForm):
    pass


class RoleField(forms.ChoiceField):
    """One radio for each role, with what it may do."""

    def __init__(self, roles: Collection[Role]) -> None:
        super().__init__(
            label="Role",
            choices=[(role.value, role.label) for role in roles],
            widget=forms.RadioSelect,
            error_messages={"required": "Choose a role."},
        )

    def clean(self, value: Any) -> Role:
        return Role(super().clean(value))


class InvitationForm(forms.Form):
    email = forms.EmailField(
        label="Email",
        max_length=254,
        error_messages={"required": "Write the address of whom you invite."},
        widget=forms.EmailInput(attrs={"autocomplete": "off", "placeholder": "name@example.com"}),
    )
    role = RoleField(members.GIVEN_BY_ADMINS)

    def __init__(self, data: QueryDict | None) -> None:
        super().__init__(data, initial={"role": Role.MEMBER})


class MemberForm(forms.Form):
    monthly_cap_micros = Dollars(
        required=False,
        label="Monthly cap in dollars",
        help_text="What they may spend here in a calendar month (UTC). Empty: no cap.",
    )

    def __init__(
        self, data: QueryDict | None, *, member: Membership, roles: Collection[Role]
    ) -> None:
        cap = member.monthly_cap_micros
        super().__init__(data, initial={"role": member.role, "monthly_cap_micros": cap})
        self.fields["role"] = RoleField(roles)
        self.order_fields(["role", "monthly_cap_micros"])


class CreditForm(OnceForm):
    amount_micros = Dollars(label="Dollars")
    source = forms.ModelChoiceField(Workspace.objects.none(), label="Out of", empty_label=None)

    def __init__(self, data: QueryDict | None, *, sources: Any) -> None:
        super().__init__(data)
        self.fields["source"].queryset = sources  # type: ignore[attr-defined]
