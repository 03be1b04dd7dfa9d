"""The workspace's own pages about its links."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import workspaces
from accounts.middleware import WorkspaceRequest
from gallery.models import Collection, Image, ShareLink
from gallery.sharing import links
from gallery.sharing.forms import NewShareForm, ShareForm

_SHOWN = 200
_form = require_http_methods(["GET", "HEAD", "POST"])


@dataclass(frozen=True, kw_only=True)
class Row:
    link: ShareLink
    state: str
    address: str
    may_change: bool


@never_cache
@require_safe
@login_required
def link_list(request: WorkspaceRequest) -> HttpResponse:
    """Those that work, and those that ended lately."""
    workspaces.check_may_make(request.user, request.workspace)
    shown = list(links.listed(request.workspace.pk).order_by("-created_at", "-pk")[:_SHOWN])
    manages, at = workspaces.may_manage(request.user, request.workspace), timezone.now()
    rows = [
        Row(
            link=link,
            state=_state(link),
            address="" if link.has_ended(at) else links.address(link),
            may_change=not link.revoked_at and (manages or link.created_by_id == request.user.pk),
        )
        for link in shown
    ]
    context = {"rows": rows, "workspace": request.workspace}
    return render(request, "gallery/sharing/link_list.html", context)


def _state(link: ShareLink) -> str:
    if link.revoked_at:
        return "Revoked"
    if link.has_ended(timezone.now()):
        return "Expired"
    return "Works" if link.collection_id or not _is_gone(link) else "Its picture is gone"


def _is_gone(link: ShareLink) -> bool:
    image = link.image
    return bool(image and (image.deleted_at or image.workspace_id != link.workspace_id))


@_form
@login_required
def link_create(request: WorkspaceRequest) -> HttpResponse:
    """`?image=<id>` or `?collection=<id>`. A form that is sent twice makes one link."""
    of = _of(request)
    workspaces.check_may_make(request.user, of.workspace)
    form = NewShareForm(_sent(request), is_edit=_may_have_before(of))
    if request.method == "POST" and form.is_valid():
        new_id = form.cleaned_data["new_id"]
        link = links.make(of=of, by=request.user, terms=form.terms, link_id=new_id)
        return redirect("gallery:link_page", link.pk)
    context = {"form": form, "of": of}
    status = 422 if form.errors else 200
    return render(request, "gallery/sharing/link_create.html", context, status=status)


def _of(request: WorkspaceRequest) -> Image | Collection:
    """What is to be shared, if it is this person's to see."""
    if "collection" in request.GET:
        ours = Collection.objects.filter(workspace__memberships__user=request.user)
        return get_object_or_404(
            ours.select_related("workspace"), pk=_uuid(request.GET["collection"])
        )
    visible = Image.objects.visible_to(request.user).select_related("workspace")
    return get_object_or_404(visible, pk=_uuid(request.GET.get("image")))


def _may_have_before(of: Image | Collection) -> bool:
    return isinstance(of, Collection) or of.parent_id is not None


@never_cache
@_form
@login_required
def link_page(request: WorkspaceRequest, link_id: UUID) -> HttpResponse:
    """The address, and what it lets people see, which may be changed."""
    link = _named(request, link_id)
    of = link.collection or link.image
    form = ShareForm(_sent(request), link=link, is_edit=of is None or _may_have_before(of))
    if request.method == "POST" and form.is_valid():
        links.change(link=link, by=request.user, terms=form.terms)
        messages.success(request, "The link is changed.")
        return redirect("gallery:link_page", link.pk)
    context = {"form": form, "link": link, "of": of, "address": links.address(link)}
    status = 422 if form.errors else 200
    return render(request, "gallery/sharing/link_page.html", context, status=status)


@_form
@login_required
def link_revoke(request: WorkspaceRequest, link_id: UUID) -> HttpResponse:
    link = _named(request, link_id)
    if request.method == "POST":
        links.revoke(link=link, by=request.user)
        messages.info(request, "The link is revoked.")
        return redirect("gallery:link_list")
    context = {"link": link, "of": link.collection or link.image}
    return render(request, "gallery/sharing/link_revoke.html", context)


def _named(request: WorkspaceRequest, link_id: UUID) -> ShareLink:
    """Raises Http404, and NotAllowed for who may only look."""
    rows = ShareLink.objects.visible_to(request.user).filter(revoked_at=None)
    found = rows.select_related("workspace", "image", "collection").filter(pk=link_id)
    link = get_object_or_404(found)
    links.check_may_change(link, request.user)
    return link


def _sent(request: WorkspaceRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _uuid(text: str | None) -> UUID:
    try:
        return UUID(text or "")
    except ValueError as error:
        raise Http404 from error
