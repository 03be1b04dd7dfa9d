"""Asks for pages of the admin, one for each line: python -m tests.bench.administration EMAIL.

A line is one of `questions`; the answer is the milliseconds that the page took (of an export: until
its first row), those of them that this process computed, and how many statements it asked of the
database. With EMAIL and a number: makes so many more people, and says nothing.
"""

import os
import sys
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from allauth.account.models import EmailAddress  # noqa: E402
from django.conf import settings  # noqa: E402
from django.contrib.admin.models import CHANGE, LogEntry  # noqa: E402
from django.contrib.contenttypes.models import ContentType  # noqa: E402
from django.db.models import QuerySet  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts import ids  # noqa: E402
from accounts.models import Membership, Plan, Role, Transfer, User, Wallet, Workspace  # noqa: E402
from studio.models import Job  # noqa: E402
from tests.bench.answering import answered  # noqa: E402

OPERATOR = "operator@example.com"
_AT_ONCE = 5_000
_LISTS = {
    "jobs": "studio_job",
    "transfers": "accounts_transfer",
    "workspaces": "accounts_workspace",
    "users": "accounts_user",
    "audit log": "admin_logentry",
    "images": "gallery_image",
    "addresses": "account_emailaddress",
}


def main(email: str) -> None:
    asked = questions(Workspace.objects.get(personal_of__email=email))
    client = Client(headers={"host": settings.ALLOWED_HOSTS[0]})
    client.force_login(operator())
    for line in sys.stdin:
        with answered():
            response = client.get(asked[line.strip()])
            if response.streaming:
                sent = iter(response)
                next(sent), next(sent)  # the heads, and the first row
                response.close()
            if response.status_code != 200:
                raise AssertionError(response.content[:500])


def operator() -> User:
    found, _ = User.objects.get_or_create(
        email=OPERATOR, defaults={"is_staff": True, "is_superuser": True}
    )
    return found


def questions(workspace: Workspace) -> dict[str, str]:
    """Addresses, in a workspace that `tests.bench.many_jobs` has filled."""
    owner = workspace.personal_of
    assert owner
    jobs = Job.objects.in_workspace(workspace)
    middle = _middle(jobs)
    transfer = Transfer.objects.get(reference=middle.hold)
    entry = LogEntry.objects.order_by("pk")[0]
    one = User.objects.filter(email__startswith="person").order_by("pk")[0]
    searches = {
        "jobs": {
            "second page": "p=2",
            "failed": "state=failed",
            "succeeded": "state=succeeded",
            "queued": "state=queued",
            "a day": "since=day",
            "by id": f"q={middle.pk}",
            "by trace id": f"q={middle.trace_id}",
            "by common word": "q=lake",
            "by no word of it": "q=submarine",
            "by who made most": f"q={owner.email}",
            "by who made none": f"q={one.email}",
            "of a workspace": f"workspace__id__exact={workspace.pk}",
        },
        "transfers": {"a day": "since=day", "by reference": f"q={transfer.reference}"},
        "workspaces": {
            "by address": f"q={one.email}",
            "by part": "q=erson",
            "closed": "closed=yes",
            "open": "closed=no",
        },
        "users": {"by address": f"q={one.email}", "by part": "q=erson", "by no part": "q=zzz"},
        "audit log": {
            "by id": f"q={entry.object_id}",
            "by who": f"q={OPERATOR}",
            "by who did nothing": f"q={one.email}",
        },
        "images": {"by id": f"q={middle.pk}", "by sum": "q=bench7", "photos": "kind=upload"},
        "addresses": {"by address": f"q={one.email}"},
    }
    found = {"index": reverse("admin:index")}
    for name, table in _LISTS.items():
        address = reverse(f"admin:{table}_changelist")
        found[name] = address
        found |= {f"{name}, {each}": f"{address}?{q}" for each, q in searches[name].items()}
    pages = {"job": ("studio_job", middle), "transfer": ("accounts_transfer", transfer)}
    pages |= {"workspace": ("accounts_workspace", workspace), "user": ("accounts_user", owner)}
    for name, (table, row) in pages.items():
        found[f"page of a {name}"] = reverse(f"admin:{table}_change", args=[row.pk])
        found[f"history of a {name}"] = reverse(f"admin:{table}_history", args=[row.pk])
    for name in ("jobs", "transfers", "workspaces", "users", "audit log"):
        found[f"export of {name}"] = reverse(f"admin:{_LISTS[name]}_export")
    found["export of jobs, of a workspace"] = (
        f"{found['export of jobs']}?workspace__id__exact={workspace.pk}"
    )
    return found


def _middle(jobs: "QuerySet[Job]") -> Job:
    newest = jobs.order_by("-created_at")[0]
    oldest = jobs.order_by("created_at")[0]
    middle = oldest.created_at + (newest.created_at - oldest.created_at) / 2
    return jobs.filter(created_at__gte=middle).order_by("created_at")[0]


def people(count: int) -> None:
    """With a workspace each, one in a hundred closed, and as many lines in the audit log."""
    plan = Plan.objects.get(name="default")
    by, kind = operator(), ContentType.objects.get_for_model(Workspace)
    at = timezone.now()
    for start in range(0, count, _AT_ONCE):
        numbers = range(start, min(start + _AT_ONCE, count))
        made = User.objects.bulk_create(
            User(email=f"person{n}@example.com", name=f"Person {n}", password="!") for n in numbers
        )
        EmailAddress.objects.bulk_create(
            EmailAddress(user=user, email=user.email, primary=True) for user in made
        )
        spaces = Workspace.objects.bulk_create(
            Workspace(
                id=ids.new(),
                name=f"Person {user.pk}",
                personal_of=user,
                plan=plan,
                closed_at=None if n % 100 else at,
            )
            for n, user in zip(numbers, made, strict=True)
        )
        Membership.objects.bulk_create(
            Membership(user=user, workspace=space, role=Role.OWNER)
            for user, space in zip(made, spaces, strict=True)
        )
        Wallet.objects.bulk_create(
            Wallet(workspace=space, kind=Wallet.Kind.CREDIT) for space in spaces
        )
        LogEntry.objects.bulk_create(
            LogEntry(
                action_time=at - timedelta(minutes=n),
                user=by,
                content_type=kind,
                object_id=f"{space.pk}",
                object_repr=space.name,
                action_flag=CHANGE,
                change_message="$5.00 given: a picture that never came",
            )
            for n, space in zip(numbers, spaces, strict=True)
        )


if __name__ == "__main__":
    if len(sys.argv) > 2:
        people(int(sys.argv[2]))
    else:
        main(sys.argv[1])
