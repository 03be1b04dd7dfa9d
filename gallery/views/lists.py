from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts import registry, workspaces
from accounts.middleware import WorkspaceRequest
from gallery import facets, pages, tiles
from gallery.filters import Filters, chosen
from gallery.forms import FilterForm
from gallery.models import Collection, Favourite
from gallery.pages import Page

PAGE_SIZE = 60
_OF_A_TILE = (
    *("width", "height", "placeholder", "prompt", "created_at"),
    *("created_by__name", "created_by__email"),
)


@require_safe
@login_required
def image_list(request: WorkspaceRequest) -> HttpResponse:
    """All filters stand in the address; `after` and `before` are cursors of `gallery.pages`."""
    form = FilterForm(request.GET, workspace=request.workspace)
    filters = form.filters()
    context = {
        "form": form,
        "chips": [(text, _without(request, name)) for name, text in form.chips()],
        "is_filtered": replace(filters, is_favourite=False).is_any,
        "tab": "favourites" if filters.is_favourite else "all",
    }
    return _listed(request, filters, form.sort_name, form.collections, context)


@require_safe
@login_required
def trash_list(request: WorkspaceRequest) -> HttpResponse:
    context = {
        "tab": "trash",
        "may_erase": workspaces.may_manage(request.user, request.workspace),
    }
    return _listed(request, Filters(is_trash=True), "", [], context)


@require_safe
@login_required
def collection_page(request: WorkspaceRequest, collection_id: UUID) -> HttpResponse:
    collection = get_object_or_404(
        Collection.objects.visible_to(request.user).select_related("workspace"), pk=collection_id
    )
    request.workspace = collection.workspace
    context = {"tab": "collections", "collection": collection}
    filters = Filters(collection=collection)
    others = facets.collections(collection.workspace)
    return _listed(request, filters, request.GET.get("sort", ""), others, context)


def _listed(
    request: WorkspaceRequest,
    filters: Filters,
    sort_name: str,
    collections: list[Collection],
    context: dict[str, Any],
) -> HttpResponse:
    sort = pages.sort(filters, sort_name)
    page = _page(request, filters, sort)
    may_make = workspaces.may_make(request.user, request.workspace)
    kept = _kept(request, filters)
    is_first = not (request.GET.get("after") or request.GET.get("before"))
    context |= {
        "images": page.images,
        "tiles": tiles.html_of(page.images, by=request.user, kept=kept, is_first=is_first),
        "sort": sort.name,
        "older": _at(request, after=page.older),
        "newer": _at(request, before=page.newer),
        "here": request.get_full_path(),
        "is_first": is_first,
        "start": _at(request),
        "collections": collections,
        "may_make": may_make,
        "selection_actions": [each for each in registry.selection_actions if each.is_for(request)],
    }
    is_fragment = request.htmx and request.headers.get("HX-Target") == "pager"
    return render(
        request, "gallery/_page.html" if is_fragment else "gallery/image_list.html", context
    )


def _page(request: WorkspaceRequest, filters: Filters, sort: pages.Sort) -> Page:
    rows = chosen(request.workspace, filters, request.user)
    rows = rows.select_related("created_by").only(*_OF_A_TILE)
    rows = rows.annotate(is_favourite=Favourite.of(request.user))
    try:
        return pages.page(
            rows,
            sort,
            PAGE_SIZE,
            after=request.GET.get("after", ""),
            before=request.GET.get("before", ""),
        )
    except ValueError as error:
        raise Http404 from error


def _at(request: WorkspaceRequest, **cursor: str | None) -> str | None:
    """This page's address with another cursor, or none where there is none."""
    if cursor and None in cursor.values():
        return None
    query = request.GET.copy()
    for name in ("after", "before"):
        query.pop(name, None)
    for name, value in cursor.items():
        query[name] = value or ""
    return f"{request.path}?{query.urlencode()}" if query else request.path


def _kept(request: WorkspaceRequest, filters: Filters) -> str:
    """What leads an image's page along this list: the query of the gallery that shows the same."""
    query = request.GET.copy()
    for name in ("after", "before"):
        query.pop(name, None)
    if filters.collection:
        query["collection"] = str(filters.collection.pk)
    return f"?{query.urlencode()}" if query else ""


def _without(request: WorkspaceRequest, name: str) -> str:
    query = request.GET.copy()
    for each in (name, "after", "before"):
        query.pop(each, None)
    return f"{request.path}?{query.urlencode()}"
