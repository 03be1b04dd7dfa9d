"""How each page of many images is read, as the database itself plans it: on both databases."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from tests.bench import many
from tests.bench.gallery import addresses_of
from tests.gallery.test_gallery_pages import LIST

pytestmark = pytest.mark.django_db
COUNT = 20_000
EMAIL = "bench@example.com"
# What a plan may read of images to fill a page, or to say that there are no more
MOST = 2_100
MOST_WALKED, MOST_FAVOURITES = 3_100, 200
# A collection's own order is none of time: what is found in it is sorted
SORTED = {"word and collection apart"}
# Beside so few favourites, PostgreSQL may well read all images: what counts is what its index finds
MARKED = {"word and favourite apart", "word and collection apart", "model and favourite apart"}
STATEMENTS = 13


def test_every_page_is_read_along_an_index(client: Client) -> None:
    """And costs so many statements, however many images there are."""
    workspace = many.fill(COUNT, EMAIL)
    owner = User.objects.get(email=EMAIL)
    client.force_login(owner)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT gin_clean_pending_list('image_terms_and_marks')")
            cursor.execute("ANALYZE")
    client.get(LIST)  # notes that the browser is in use
    faults = []
    for question, address in addresses_of(owner, workspace).items():
        with CaptureQueriesContext(connection) as asked:
            assert client.get(address).status_code == 200
        if len(asked) > STATEMENTS:
            faults.append(f"{question}: {len(asked)} statements")
        [page] = [each["sql"] for each in asked if '"placeholder"' in each["sql"]]
        if connection.vendor == "postgresql" and question in MARKED:
            asked_index = filter(_has_asked_terms, nodes(plan(page)))
            read = [each["Actual Rows"] for each in asked_index]
            faults += [f"{question}: {read}"] if read != [0] else []
        else:
            faults += [f"{question}: {fault}" for fault in faults_of(page, question in SORTED)]
    assert faults == []


def faults_of(sql: str, may_sort: bool) -> Iterator[str]:
    if connection.vendor == "postgresql":
        yield from (fault for node in nodes(plan(sql)) if (fault := slow(node)))
        return
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        steps = [row[-1] for row in cursor.fetchall()]
    for step in steps:
        is_sort = step == "USE TEMP B-TREE FOR ORDER BY"
        if step.startswith("SCAN gallery_image") or (is_sort and not may_sort):
            yield step


def plan(sql: str, *, is_done: bool = True) -> dict[str, Any]:
    """With what was read, if it is done."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN ({'ANALYZE, ' if is_done else ''}FORMAT JSON) {sql}")
        [(found,)] = cursor.fetchall()
    explained = json.loads(found) if isinstance(found, str) else found
    return explained[0]["Plan"]  # type: ignore[no-any-return]


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for each in node.get("Plans", ()):
        yield from nodes(each)


def _has_asked_terms(node: dict[str, Any]) -> bool:
    return node.get("Index Name") == "image_terms_and_marks" and node["Actual Loops"] > 0


def slow(node: dict[str, Any]) -> str:
    if not node["Actual Loops"]:
        return ""
    read = node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0))
    what = f"{node['Node Type']} of {node.get('Relation Name', '')}"
    if what == "Seq Scan of gallery_image":
        return what
    if node.get("Relation Name") == "gallery_favourite":
        most = MOST_FAVOURITES
    elif what == "Index Scan of gallery_image":
        most = MOST_WALKED
    elif node.get("Relation Name") == "gallery_image" or node["Node Type"] == "Sort":
        most = MOST
    else:
        return ""
    return f"{what} reads {read:.0f}" if read > most else ""
