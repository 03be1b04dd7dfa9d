"""A statement that is built once says what the queryset would have said, of every value."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count, Q
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import keys
from accounts.models import ApiKey, Membership, Transfer, User, Wallet, Workspace
from accounts.prepared import Prepared

pytestmark = pytest.mark.django_db


@pytest.fixture
def two(ada: User, ben: User, workspace: Workspace) -> list[ApiKey]:
    return [keys.issue(workspace=workspace, by=each, name=each.email)[0] for each in (ada, ben)]


def statements(ask: Any) -> list[tuple[str, Any]]:
    with CaptureQueriesContext(connection) as asked:
        found = list(ask())
    return [*found, *(each["sql"] for each in asked)]


def test_it_asks_as_the_queryset_does(two: list[ApiKey], workspace: Workspace) -> None:
    def working(at: Any, ids: Any, workspace_id: Any) -> Any:
        found = ApiKey.objects.working(at).filter(pk__in=ids, workspace_id=workspace_id)
        return found.select_related("created_by", "workspace__plan").order_by("pk")

    prepared, now = Prepared(working), timezone.now()
    for at, whose in ((now, two[:1]), (now - timedelta(days=365), two[1:]), (now, two)):
        values = {"at": at, "ids": [each.pk for each in whose], "workspace_id": workspace.pk}
        ours, theirs = (statements(partial(ask, **values)) for ask in (prepared, working))
        assert ours == theirs


def test_what_is_related_comes_along(two: list[ApiKey]) -> None:
    prepared = Prepared(lambda pk: ApiKey.objects.filter(pk=pk).select_related("workspace__plan"))
    prepared(pk=two[0].pk)
    with CaptureQueriesContext(connection) as asked:
        (found,) = prepared(pk=two[1].pk)
        assert (found.name, found.workspace.plan.name) == (two[1].name, "default")
        assert (found._state.adding, found._state.db) == (False, "default")
    assert len(asked) == 1


def test_columns_come_as_values_list_says(two: list[ApiKey]) -> None:
    pairs = Prepared(lambda name: ApiKey.objects.filter(name=name).values_list("pk", "name"))
    flat = Prepared(lambda pk: Membership.objects.filter(user_id=pk).values_list("role", flat=True))
    assert pairs(name=two[1].name) == [(two[1].pk, two[1].name)]
    assert pairs(name="nobody") == []
    assert pairs.first(name="nobody") is None
    assert flat(pk=two[0].created_by_id)
    assert flat(pk=0) == []


def test_what_is_no_value_stays(two: list[ApiKey], workspace: Workspace) -> None:
    counted = Workspace.objects.annotate(
        held=Count("api_keys", filter=Q(api_keys__revoked_at=None))
    )
    many = Prepared(lambda least: counted.filter(held__gte=least))
    assert many(least=2) == [workspace]
    assert many(least=3) == []


@pytest.mark.parametrize("value", [None, True, 1.5, {"a": 1}])
def test_a_value_that_may_change_the_statement_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="may change the text"):
        Prepared(lambda value: Wallet.objects.filter(workspace=value))(value=value)


def test_a_value_that_is_not_asked_for_is_a_mistake() -> None:
    with pytest.raises(LookupError, match="Not every one"):
        Prepared(lambda **_: Transfer.objects.all())(state="pending")
