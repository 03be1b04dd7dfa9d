"""What the lists and pages of the admin are made of, so that they stay quick with millions of rows.

No list counts more than `MOST_COUNTED` rows, and pages end there: older ones are found by
searching. What is done to a row is a `Verb`: a button on its page, an action on its list, one
check of permission, and one line in the audit log.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.forms import BaseInlineFormSet, BaseModelFormSet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.views.decorators.http import require_POST

from accounts import ids, tables
from accounts.zips import in_pages

log = logging.getLogger("easel.admin")
MOST_COUNTED = 5_000
MOST_AT_ONCE = 200


class BoundedPaginator(Paginator):
    """Counts no further than `MOST_COUNTED`."""

    @cached_property
    def count(self) -> int:
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]
        return rows.values("pk")[:MOST_COUNTED].count()


class Refused(Exception):
    """A verb that cannot be done, in a sentence for who tried."""


@dataclass(frozen=True, kw_only=True)
class Verb:
    """`act(row, by)` returns what the audit log says. `is_for` says whether it makes sense there.

    `permission` is a full name, as "studio.change_job".
    """

    name: str
    label: str
    permission: str
    act: Callable[[Any, Any], str]
    is_for: Callable[[Any], bool] = lambda _row: True
    is_danger: bool = False


class _Labelled:
    """Each field says what it is, as the head of its column is no label of it."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)  # type: ignore[misc]
        for name, field in form.fields.items():
            if not field.widget.is_hidden:
                field.widget.attrs.setdefault("aria-label", field.label or name)


class _LabelledRows(_Labelled, BaseInlineFormSet):
    pass


class _LabelledList(_Labelled, BaseModelFormSet):
    pass


class BoundedAdmin(admin.ModelAdmin):
    paginator = BoundedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 50
    change_form_template = "admin/easel/change_form.html"
    change_list_template = "admin/easel/change_list.html"
    verbs: Sequence[Verb] = ()
    csv_columns: Sequence[str] = ()  # of a row, through dots

    def get_urls(self) -> list[Any]:
        base = f"{self.opts.app_label}_{self.opts.model_name}"
        site = self.admin_site
        own = [
            path("export", site.admin_view(self.export), name=f"{base}_export"),
            path(
                "<path:object_id>/do/<slug:verb>",
                site.admin_view(require_POST(self.do)),
                name=f"{base}_do",
            ),
        ]
        return [*own, *super().get_urls()]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        words = search_term.strip()
        found = self.found(queryset, words) if words else queryset
        if found is None:
            return super().get_search_results(request, queryset, search_term)
        return found, False

    def found(self, _rows: QuerySet[Any], _words: str) -> QuerySet[Any] | None:
        """What these words find: one way for each kind of them, each a walk over one index.

        None where Django is to look for them in `search_fields`, which show the box in any case.
        """
        return None

    def may_do(self, request: HttpRequest, verb: Verb, row: Any) -> bool:
        return request.user.has_perm(verb.permission)

    def do(self, request: HttpRequest, object_id: str, verb: str) -> HttpResponse:
        row: Any = self.get_object(request, unquote(object_id))
        found = next((each for each in self.verbs if each.name == verb), None)
        if row is None or found is None or not self.has_view_permission(request, row):
            raise Http404
        if not self.may_do(request, found, row):
            raise PermissionDenied
        try:
            said = self._done(request, found, row)
        except Refused as error:
            messages.error(request, str(error))
        else:
            messages.success(request, said)
        return redirect(self.address_of(row))

    def _done(self, request: HttpRequest, verb: Verb, row: Any) -> str:
        if not verb.is_for(row):
            raise Refused(f"“{verb.label}” does nothing here any more.")
        said = verb.act(row, request.user)
        self.log_change(request, row, said)
        log.info("%s model=%s row=%s by=%s", verb.name, self.opts.label, row.pk, request.user.pk)
        return said

    def address_of(self, row: Model) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row.pk])

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = dict(super().get_actions(request))
        for verb in self.verbs:
            if request.user.has_perm(verb.permission):
                actions[verb.name] = (_action(verb), verb.name, f"{verb.label} those chosen")
        return actions

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        context = {
            "verbs": [
                (
                    verb,
                    reverse(
                        f"admin:{self.opts.app_label}_{self.opts.model_name}_do",
                        args=[row.pk, verb.name],
                    ),
                )
                for verb in self.verbs
                if row and verb.is_for(row) and self.may_do(request, verb, row)
            ],
            "panels": self.panels(request, row) if row else [],
        }
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def panels(self, request: HttpRequest, row: Any) -> Iterable[Any]:
        """Parts of its page above the form: `accounts.registry.Panel`."""
        return ()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"has_export": bool(self.csv_columns), "most_counted": MOST_COUNTED}
        return super().changelist_view(request, context | (extra_context or {}))

    def get_changelist_formset(self, request: HttpRequest, **kwargs: Any) -> Any:
        return super().get_changelist_formset(request, formset=_LabelledList, **kwargs)

    def export_order(self, _request: HttpRequest) -> tuple[str, ...]:
        """The newest first, as an index of what is exported has it: `zips.in_pages`."""
        return ("-pk",)

    def export(self, request: HttpRequest) -> StreamingHttpResponse:
        """The list as it is searched and filtered, the newest first.

        In pages: PostgreSQL would keep all of a cursor's rows aside before it gives the first one.
        """
        if not self.csv_columns or not self.has_view_permission(request):
            raise PermissionDenied
        rows = self.get_changelist_instance(request).get_queryset(request)
        cells = (
            [_value(row, column) for column in self.csv_columns]
            for row in in_pages(rows, order=self.export_order(request))
        )
        log.info("exported model=%s by=%s", self.opts.label, request.user.pk)
        name = f"{self.opts.model_name}-{timezone.now():%Y-%m-%d}.csv"
        return tables.response(name, self.csv_columns, cells)


class KeptAdmin(BoundedAdmin):
    """Rows that can be looked at and changed, but not made or deleted here."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(KeptAdmin):
    """Rows that only verbs may change."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class Rows(admin.TabularInline):
    """Of another thing, below its form."""

    extra = 0
    formset = _LabelledRows
    template = "admin/easel/rows.html"


class SinceFilter(admin.SimpleListFilter):
    """By a key that counts up with time, so that no other index is needed: UUID version 7."""

    title = "when"
    parameter_name = "since"
    periods = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}

    def lookups(self, _request: HttpRequest, _admin: Any) -> list[tuple[str, str]]:
        return [
            ("hour", "The last hour"),
            ("day", "The last 24 hours"),
            ("week", "The last 7 days"),
        ]

    def queryset(self, _request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        period = self.periods.get(self.value() or "")
        return rows.filter(pk__gte=ids.first_at(timezone.now() - period)) if period else rows


def _action(verb: Verb) -> Callable[[BoundedAdmin, HttpRequest, QuerySet[Any]], None]:
    """On each of those chosen, and on no more than `MOST_AT_ONCE`."""

    def act(self: BoundedAdmin, request: HttpRequest, chosen: QuerySet[Any]) -> None:
        done = 0
        for row in chosen[:MOST_AT_ONCE]:
            try:
                if not self.may_do(request, verb, row):
                    raise Refused(f"You may not do that to {row}.")
                self._done(request, verb, row)
            except Refused as error:
                messages.error(request, str(error))
            else:
                done += 1
        messages.info(request, f"{verb.label}: {done} done.")

    return act


def _value(row: Any, column: str) -> Any:
    for name in column.split("."):
        row = getattr(row, name, "")
        row = row() if callable(row) and not isinstance(row, Model) else row
    return row
