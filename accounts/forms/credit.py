from decimal import Decimal
from typing import Any

from django import forms

from accounts.money import MICROS_PER_CENT, dollars
from accounts.once import OnceForm
from accounts.payments.opening import LEAST_CENTS, MOST_CENTS

_LEAST, _MOST = (dollars(cents * MICROS_PER_CENT) for cents in (LEAST_CENTS, MOST_CENTS))
_RANGE = f"Use dollars and cents, from {_LEAST} to {_MOST}."


class TopUpForm(OnceForm):
    """`amount_cents` of a valid one is what to pay."""

    amount = forms.ChoiceField(
        label="How much",
        choices=[("500", "$5"), ("1000", "$10"), ("2500", "$25"), ("other", "Another amount")],
        initial="1000",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose an amount.", "invalid_choice": "Choose an amount."},
    )
    other = forms.DecimalField(
        required=False,
        label="Dollars",
        min_value=Decimal(LEAST_CENTS) / 100,
        max_value=Decimal(MOST_CENTS) / 100,
        decimal_places=2,
        help_text=_RANGE,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value", "max_decimal_places", "max_digits"), _RANGE
        ),
    )

    def clean(self) -> dict[str, Any]:
        asked = self.cleaned_data
        if asked.get("amount") == "other" and not asked.get("other") and not self.errors:
            self.add_error("other", _RANGE)
        return asked

    @property
    def amount_cents(self) -> int:
        asked = self.cleaned_data
        is_other = asked["amount"] == "other"
        return int(asked["other"] * 100) if is_other else int(asked["amount"])
