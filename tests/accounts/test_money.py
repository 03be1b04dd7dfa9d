import pytest

from accounts import money


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (0, "$0.00"),
        (1, "$0.000001"),
        (3_000, "$0.003"),
        (150_000, "$0.15"),
        (1_000_000, "$1.00"),
        (1_234_567_890_000, "$1,234,567.89"),
        (-3_000, "-$0.003"),
        (-1_500_000, "-$1.50"),
    ],
)
def test_dollars_lose_no_digit(micros: int, text: str) -> None:
    assert money.dollars(micros) == text


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("10", 10_000_000),
        ("0.15", 150_000),
        ("$5", 5_000_000),
        (" 0.000001 ", 1),
        ("1e3", 1_000_000_000),
        ("-2", -2_000_000),
    ],
)
def test_an_amount_is_read_exactly(text: str, micros: int) -> None:
    assert money.micros(text) == micros


@pytest.mark.parametrize(
    "text", ["", "ten", "1,5", "0.0000001", "nan", "inf", "-inf", "$$5", "1 0", "1e999999999"]
)
def test_nonsense_is_no_amount(text: str) -> None:
    with pytest.raises(ValueError, match=r"dollars|micro-dollar"):
        money.micros(text)
