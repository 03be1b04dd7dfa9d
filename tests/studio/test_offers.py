import pytest
from django.db import IntegrityError, transaction

from studio import catalog, offers
from studio.models import Offer

pytestmark = pytest.mark.django_db


def names() -> list[str]:
    return [each.model.name for each in offers.all_on()]


def test_models_with_a_price_begin_on_offer() -> None:
    assert set(Offer.objects.values_list("model", flat=True)) == set(catalog.models())
    assert names() == ["step-image-edit-2", "step-2x-large"]
    assert [each.price_micros for each in offers.all_on()] == [3_000, 20_000]


def test_entering_again_changes_nothing_that_is_there() -> None:
    Offer.objects.filter(model="step-image-edit-2").update(price_micros=9_000, is_on=False)
    Offer.objects.filter(model="step-2x-large").delete()
    offers.enter()
    kept = Offer.objects.get(model="step-image-edit-2")
    assert (kept.price_micros, kept.is_on) == (9_000, False)
    assert names() == ["step-2x-large"]


def test_the_order_is_the_catalogs() -> None:
    Offer.objects.update(is_on=True, price_micros=1)
    assert names() == list(catalog.models())


def test_a_row_that_the_catalog_does_not_know_is_not_on_offer() -> None:
    Offer.objects.create(model="gone", is_on=True, price_micros=1)
    assert "gone" not in names()


def test_no_model_is_on_offer_without_a_price() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Offer.objects.filter(model="step-1x-edit").update(is_on=True)


@pytest.mark.parametrize(
    ("name", "note", "sentence"),
    [
        ("step-1x-edit", "Its maker has retired it.", "Its maker has retired it."),
        ("step-1x-edit", "", "step-1x-edit is not on offer at the moment."),
        ("no-such-model", "", "There is no model of this name."),
        ("x" * 100_000, "", "There is no model of this name."),
        ("", "", "There is no model of this name."),
    ],
)
def test_why_not(name: str, note: str, sentence: str) -> None:
    Offer.objects.filter(model="step-1x-edit").update(note=note)
    assert offers.why_not(name) == sentence


def test_why_there_is_none_to_name() -> None:
    Offer.objects.update(is_on=False)
    assert offers.why_not("") == "No model is on offer at the moment."
