"""Statements that are made once give the database what the ORM would."""

from typing import Any

import pytest
from django.db import IntegrityError

from accounts import statements
from accounts.models import Transfer, Wallet, Workspace
from gallery.models import PendingObject

pytestmark = pytest.mark.django_db


def _object(key: str, **columns: Any) -> PendingObject:
    return PendingObject(key=key, sha256="0" * 64, **columns)


def test_rows_are_inserted_as_the_orm_would() -> None:
    ours = _object("a", facts={"notes": ["é"], "seed": None}, purpose="x")
    statements.insert([ours, _object("b")])
    theirs = _object("c", facts=ours.facts, purpose="x", created_at=ours.created_at)
    theirs.save(force_insert=True)
    kept = {each.key: each for each in PendingObject.objects.all()}
    for name in ("facts", "purpose", "created_at", "is_doomed"):
        assert getattr(kept["a"], name) == getattr(kept["c"], name)
    assert kept["b"].facts == {}


def test_an_inserted_row_is_one_that_the_orm_updates() -> None:
    row = _object("a")
    statements.insert([row])
    row.purpose = "later"
    row.save()
    assert PendingObject.objects.get().purpose == "later"


def test_a_key_that_is_taken_is_refused() -> None:
    statements.insert([_object("a")])
    with pytest.raises(IntegrityError):
        statements.insert([_object("a")])


def test_nothing_is_inserted_for_no_rows() -> None:
    statements.insert([])


def test_only_rows_that_equal_are_changed() -> None:
    statements.insert([_object("a", purpose="x"), _object("b", purpose="y")])
    changed = statements.update(
        PendingObject, where={"purpose": "x", "is_doomed": False}, facts={"seed": 1}
    )
    assert changed == 1
    assert dict(PendingObject.objects.values_list("key", "facts")) == {"a": {"seed": 1}, "b": {}}


def test_a_foreign_key_goes_by_its_column(workspace: Workspace) -> None:
    found = statements.returned(
        "SELECT kind FROM accounts_wallet WHERE workspace_id = %s",
        statements.prepared(Wallet, workspace_id=workspace.pk),
    )
    assert found == [("credit",)]
    with pytest.raises(LookupError):
        statements.prepared(Transfer, debit=1)
