from decimal import Decimal
from typing import Any

from django import forms

from accounts.money import MICROS_PER_DOLLAR

_DAY = "%Y-%m-%d"


class Dollars(forms.DecimalField):
    """Dollars on the page, whole micro-dollars in code."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            min_value=Decimal("0.001"),
            max_value=Decimal(1_000_000),
            decimal_places=6,
            widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
            error_messages={"invalid": "Use an amount of dollars, like 5 or 0.50."},
            **options,
        )

    def clean(self, value: Any) -> Any:
        amount = super().clean(value)
        return None if amount is None else int(amount * MICROS_PER_DOLLAR)

    def prepare_value(self, value: Any) -> Any:
        return f"{Decimal(value) / MICROS_PER_DOLLAR:f}" if isinstance(value, int) else value


class _Day(forms.DateInput):
    input_type = "date"


class DayField(forms.DateField):
    """As a browser's date field has it: 2026-11-30."""

    def __init__(self, **options: Any) -> None:
        super().__init__(input_formats=[_DAY], widget=_Day(format=_DAY), **options)
