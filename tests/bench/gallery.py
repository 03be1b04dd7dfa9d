"""Asks for pages of the gallery, one for each line that comes: python -m tests.bench.gallery EMAIL.

A line is one of `galleries.QUESTIONS`; the answer is the milliseconds that the page took, from
the request to the last byte; those of them that this process computed; and how many statements it
asked of the database.
"""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402

from accounts import people  # noqa: E402
from accounts.models import User, Workspace  # noqa: E402
from gallery import pages  # noqa: E402
from gallery.filters import Filters  # noqa: E402
from gallery.models import Collection, Image  # noqa: E402
from gallery.views.lists import PAGE_SIZE  # noqa: E402
from tests.bench.answering import answered  # noqa: E402
from tests.bench.galleries import QUESTIONS  # noqa: E402


def main(email: str) -> None:
    owner, workspace = people.with_workspace(email)
    addresses = addresses_of(owner, workspace)
    client = Client(headers={"host": settings.ALLOWED_HOSTS[0]})
    client.force_login(owner)
    for line in sys.stdin:
        with answered():
            response = client.get(addresses[line.strip()])
            if response.status_code != 200:
                raise AssertionError(response.content[:500])


def addresses_of(owner: User, workspace: Workspace) -> dict[str, str]:
    """Of each question, in a workspace that `tests.bench.many` has filled."""
    listing = reverse("gallery:image_list")
    member = User.objects.get(email=f"max.{owner.email}")
    collection = Collection.objects.get(workspace=workspace, name="Bench")
    day = Image.objects.in_workspace(workspace).newest_first()[100].created_at.date()
    queries = [
        *("", f"after={_deep(workspace, Filters())}", "sort=oldest", "model=step-1x-medium"),
        *("kind=upload", f"person={member.pk}", f"since={day}&until={day}", "size=768x1360"),
        *("seed=1", "favourite=on", f"collection={collection.pk}", "q=lake"),
        f"q=lake&after={_deep(workspace, Filters(text='lake'))}",
        *("q=curlew", "q=zeppelin", "q=submarine", "q=lake+harbour", "q=lake&model=step-1x-medium"),
        *("q=lake&favourite=on", f"q=lake&collection={collection.pk}"),
        *("model=step-1x-medium&size=1024x1024", "model=step-1x-medium&favourite=on"),
        f"q=lake&since={day}&until={day}",
    ]
    addresses = [*(f"{listing}?{query}" for query in queries), reverse("gallery:trash_list")]
    return dict(zip(QUESTIONS, addresses, strict=True))


def _deep(workspace: Workspace, filters: Filters) -> str:
    """The end of the thousandth page, or of the last full one before the middle of fewer."""
    rows = Image.objects.in_workspace(workspace)
    rows = rows.search(filters.text) if filters.text else rows
    depth = min(1000 * PAGE_SIZE, rows.count() // 2)
    image = rows.newest_first().values_list("pk", flat=True)[depth]
    found = pages.cursor_of(rows, pages.sort(filters), image)
    assert found, "an image that is there has a place"
    return found


if __name__ == "__main__":
    main(sys.argv[1])
