"""Money is whole micro-dollars everywhere: 1 dollar = 1,000,000 micros."""

from decimal import Decimal

MICROS_PER_DOLLAR = 1_000_000
MICROS_PER_CENT = 10_000


def dollars(micros: int) -> str:
    """At least two decimals and no digit lost: 3000 is $0.003, 150000 is $0.15."""
    sign = "-" if micros < 0 else ""
    whole, rest = divmod(abs(micros), MICROS_PER_DOLLAR)
    decimals = f"{rest:06d}".rstrip("0").ljust(2, "0")
    return f"{sign}${whole:,}.{decimals}"


def micros(amount: str) -> int:
    """Reads "10", "0.15" or "$5". Raises ValueError below a micro-dollar or on nonsense."""
    try:
        exact = Decimal(amount.strip().removeprefix("$")) * MICROS_PER_DOLLAR
        whole = int(exact)
    except (ArithmeticError, ValueError) as error:
        raise ValueError(f"{amount!r} is not an amount of dollars") from error
    if whole != exact:
        raise ValueError(f"{amount!r} is finer than a micro-dollar")
    return whole
