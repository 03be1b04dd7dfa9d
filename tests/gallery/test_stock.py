"""The database counts what each workspace keeps, whoever stores, moves or erases an image."""

import pytest
from django.db import connection, transaction

from accounts import ids, workspaces
from accounts.models import User, Workspace
from gallery import stock
from gallery.models import Image, Stock

pytestmark = pytest.mark.django_db


def image(workspace: Workspace, size_bytes: int) -> Image:
    return Image(
        workspace=workspace,
        kind=Image.Kind.UPLOAD,
        original=str(ids.new()),
        content_type="image/png",
        width=8,
        height=8,
        size_bytes=size_bytes,
        sha256="0" * 64,
    )


def test_what_comes_and_goes_is_counted(workspace: Workspace) -> None:
    assert stock.of(workspace) == 0
    first, second = image(workspace, 700), image(workspace, 30)
    first.save()
    Image.objects.bulk_create([second, image(workspace, 4)], ignore_conflicts=True)
    assert stock.of(workspace) == 734
    Image.objects.filter(pk=first.pk).update(size_bytes=500, prompt="a lake")
    assert stock.of(workspace) == 534
    first.delete()
    Image.objects.filter(workspace=workspace).delete()
    assert (stock.of(workspace), list(stock.drift())) == (0, [])


def test_the_first_of_all_may_come_in_a_heap(workspace: Workspace) -> None:
    Image.objects.bulk_create([image(workspace, 1), image(workspace, 2)], ignore_conflicts=True)
    assert stock.of(workspace) == 3


def test_what_moves_is_counted_where_it_is(workspace: Workspace, ben: User) -> None:
    other = workspaces.personal(ben)
    Image.objects.bulk_create([image(workspace, 5), image(other, 7)])
    Image.objects.filter(size_bytes=5).update(workspace=other)
    assert (stock.of(workspace), stock.of(other)) == (0, 12)
    assert list(stock.drift()) == []


def test_what_is_undone_is_not_counted(workspace: Workspace) -> None:
    with transaction.atomic():
        image(workspace, 5).save()
        transaction.set_rollback(True)
    assert stock.of(workspace) == 0


def test_a_workspace_can_go(ben: User) -> None:
    """Its figure goes with it, in whatever order its rows are erased."""
    team = Workspace.objects.create(name="Team", plan=workspaces.personal(ben).plan)
    image(team, 5).save()
    Stock.objects.filter(workspace=team).delete()
    Image.objects.filter(workspace=team).delete()
    team.delete()
    assert not Stock.objects.filter(workspace=team.pk).exists()


def test_a_trigger_that_a_migration_has_dropped_is_made_again(workspace: Workspace) -> None:
    """As SQLite drops them with the table that Django makes anew."""
    table = "" if connection.vendor == "sqlite" else "ON gallery_image"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER image_came {table}")
    lost = image(workspace, 5)
    lost.save()
    expected = f"workspace {workspace.pk} is said to keep 0 bytes; its images have 5"
    assert list(stock.drift()) == [expected]
    for _ in range(2):
        stock.guard(using="default")
    image(workspace, 7).save()
    assert stock.of(workspace) == 7
