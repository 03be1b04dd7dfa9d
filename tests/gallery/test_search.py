"""Found by words of prompt and note: on both databases, in every script, whatever is typed."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts import workspaces
from accounts.models import User, Workspace
from gallery import pages, search_index, words
from gallery.filters import Filters, chosen
from gallery.models import Image
from tests.gallery.test_gallery_pages import rows
from tests.gallery.test_images import upload

pytestmark = pytest.mark.django_db
PROMPT = "A quiet lake at Dawn, 8k: Über den See, 湖水清澈的早晨, こんにちは"


@pytest.mark.parametrize(
    "text",
    [
        *("lake", "LAKE", "lakes", "quiet lake", "lake quiet", "8k", "uber", "Über", "ｌａｋｅ"),
        *("湖水", "清澈的早晨", "晨", "湖", "こんに", "lake 早晨", '"quiet lake"'),
    ],
)
def test_what_is_there_is_found(workspace: Workspace, text: str) -> None:
    [image] = rows(workspace, 1, prompt=PROMPT)
    rows(workspace, 3, prompt="a harbour at night")
    assert list(Image.objects.search(text)) == [image]


@pytest.mark.parametrize("text", ["ake", "lak", "lake harbour", "水早", "早湖", "xyz", "!?", "''"])
def test_what_is_not_there_is_not_found(workspace: Workspace, text: str) -> None:
    rows(workspace, 1, prompt=PROMPT)
    assert not Image.objects.search(text).exists()


@pytest.mark.parametrize(
    "text",
    [
        *(
            '"',
            "'",
            "\\",
            "*",
            "lake*",
            "lake:*",
            "NOT lake",
            "lake AND",
            "(lake",
            "lake)",
            "words:",
        ),
        *("lake^2", "-lake", "{lake}", "lake NEAR lake", "%", "_", "\x00lake", "lake & ! |", "<->"),
        *(
            "a" * 5_000,
            "lake " * 5_000,
            "\ud83d\ude00",
            "😀",
            "\u200b",
            "ﷺ",
            "İ",
            "ß",
            "\U00030000",
        ),
    ],
)
def test_nothing_is_taken_for_syntax(workspace: Workspace, text: str) -> None:
    rows(workspace, 1, prompt=PROMPT)
    Image.objects.search(text).count()


@given(st.text(max_size=40))
def test_a_text_has_all_the_words_that_are_wanted_of_it(text: str) -> None:
    has = words.indexed(text).split()
    assert set(words.wanted(text)) <= set(has)


def test_a_note_is_found_and_forgotten(ada: User, workspace: Workspace) -> None:
    image = upload(ada, workspace)
    for note, is_found in (
        *(("for the brochure", True), ("", False), ("brochure, again", True)),
        *(("this brochure", True), ("another", False)),
    ):
        image.note = note
        image.save()
        assert Image.objects.search("brochure").exists() == is_found


def test_what_leaves_is_not_in_the_index(workspace: Workspace) -> None:
    made = rows(workspace, 5, prompt="a lake")
    Image.objects.filter(pk__in=[each.pk for each in made[:3]]).delete()
    assert Image.objects.search("lake").count() == 2
    Image.objects.all().delete()
    rows(workspace, 2, prompt="a harbour")
    assert not Image.objects.search("lake").exists()
    assert Image.objects.search("harbour").count() == 2


@pytest.mark.skipif(connection.vendor != "sqlite", reason="a column misses nothing")
def test_an_index_that_missed_something_is_made_anew(workspace: Workspace) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER image_search_came")
    rows(workspace, 3, prompt="a lake")
    search_index.guard(using="default")
    search_index.guard(using="default")
    rows(workspace, 2, prompt="a lake")
    assert Image.objects.search("lake").count() == 5


def test_pages_of_what_is_found(ada: User, workspace: Workspace, mallory: User) -> None:
    now = timezone.now()
    made = [
        rows(workspace, 1, prompt="a lake", created_at=now - timedelta(seconds=(7 * n) % 11))[0]
        for n in range(11)
    ]
    same = rows(workspace, 9, prompt="a lake", created_at=now - timedelta(days=1))
    rows(workspaces.personal(mallory), 3, prompt="a lake")
    rows(workspace, 3, prompt="a lake", deleted_at=now)
    expected = sorted(made + same, key=lambda each: (each.created_at, each.pk), reverse=True)
    assert walked(workspace, ada, Filters(text="lake"), "newest") == expected
    assert walked(workspace, ada, Filters(text="lake"), "oldest") == expected[::-1]


def walked(workspace: Workspace, by: User, filters: Filters, sort: str) -> list[Any]:
    """Page by page to the end."""
    order = pages.sort(filters, sort)
    seen: list[Any] = []
    after = ""
    while True:
        page = pages.page(chosen(workspace, filters, by), order, 4, after=after)
        seen += page.images
        if page.older is None:
            return seen
        after = page.older
