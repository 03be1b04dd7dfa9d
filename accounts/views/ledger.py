"""A workspace's ledger, as a page and as CSV."""

from datetime import date, timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts import books, tables, workspaces
from accounts.books import Days, Line
from accounts.forms.ledger import DaysForm
from accounts.middleware import WorkspaceRequest

LINES = 50


@require_safe
@login_required
def ledger_page(request: WorkspaceRequest) -> HttpResponse:
    """Its filter stands in the address; a wrong one is said, and asks nothing."""
    workspaces.check_may_manage(request.user, request.workspace)
    form = DaysForm(request.GET)
    before = _id(request.GET["before"]) if request.GET.get("before") else None
    if not form.is_valid():
        return _page(request, form, [], Days(), status=422)
    lines = books.page(request.workspace, before=before, size=LINES + 1, days=form.days)
    return _page(request, form, lines, form.days)


@require_safe
@login_required
def ledger_csv(request: WorkspaceRequest) -> HttpResponseBase:
    """What the page is of, sent as it is read, however long it is."""
    workspaces.check_may_manage(request.user, request.workspace)
    form = DaysForm(request.GET)
    if not form.is_valid():
        return _page(request, form, [], Days(), status=422)
    ends = [f"{day}" for day in (form.days.since, form.days.until) if day]
    name = "-".join(["ledger", *ends])
    return tables.response(f"{name}.csv", books.COLUMNS, books.rows(request.workspace, form.days))


def _page(
    request: WorkspaceRequest,
    form: DaysForm,
    lines: list[Line],
    days: Days,
    *,
    status: int = 200,
) -> HttpResponse:
    asked = _asked(days)
    context = {
        "form": form,
        "lines": lines[:LINES],
        "older": lines[LINES - 1] if len(lines) > LINES else None,
        "is_first": not request.GET.get("before"),
        "asked": asked,
        "months": [(name, found, found == asked) for name, found in _months()],
        "workspace": request.workspace,
    }
    return render(request, "accounts/ledger_page.html", context, status=status)


def _asked(days: Days) -> str:
    ends = {"since": days.since, "until": days.until}
    return urlencode({name: day for name, day in ends.items() if day})


def _months() -> list[tuple[str, str]]:
    """This one and the one before, of UTC."""
    first = timezone.now().date().replace(day=1)
    former = (first - timedelta(days=1)).replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    return [
        ("This month", _asked(_until(first, following))),
        ("Last month", _asked(_until(former, first))),
    ]


def _until(first: date, following: date) -> Days:
    return Days(since=first, until=following - timedelta(days=1))


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Http404 from error
