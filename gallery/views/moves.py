"""To another workspace: one image, or all that were chosen."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.middleware import WorkspaceRequest
from accounts.models import Workspace
from gallery import moves
from gallery.images import StorageError
from gallery.models import Image
from gallery.moves import MoveError


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def image_move(request: WorkspaceRequest) -> HttpResponse:
    """`image`, once for each of them. A POST without a target or a verb only shows the page."""
    some = _chosen(request)
    moves.check_may_take(some=some, by=request.user)
    targets = moves.targets_for(request.user, some)
    problem = ""
    if {"target", "move", "copy"} & request.POST.keys():
        try:
            return _gone(request, some, _target(request, targets))
        except MoveError as error:
            problem = str(error)
        except (StorageError, FileNotFoundError):
            problem = "The storage does not answer. What was copied before is there; try again."
    context = {
        "images": some,
        "targets": targets,
        "may_move": moves.may_move(some=some, by=request.user),
        "may_copy": len(some) <= moves.MOST_COPIED,
        "most_copied": moves.MOST_COPIED,
        "problem": problem,
    }
    status = 422 if problem else 200
    return render(request, "gallery/image_move.html", context, status=status)


def _gone(request: WorkspaceRequest, some: list[Image], target: Workspace) -> HttpResponse:
    verb, done = (moves.copy, "copied") if "copy" in request.POST else (moves.move, "moved")
    count = verb(some=some, target=target, by=request.user)
    pictures = "1 picture is" if count == 1 else f"{count:,} pictures are"
    others = "" if count == len(some) else " The others are there already."
    messages.success(request, f"{pictures} {done} to “{target}”.{others}")
    if len(some) == 1:  # which is at its address wherever it is
        return redirect("gallery:image_page", some[0].pk)
    return redirect("gallery:image_list")


def _target(request: WorkspaceRequest, targets: list[Workspace]) -> Workspace:
    for each in targets:
        if str(each.pk) == request.POST.get("target"):
            return each
    raise MoveError("Choose a workspace.")


def _chosen(request: WorkspaceRequest) -> list[Image]:
    data: QueryDict = request.POST if request.method == "POST" else request.GET
    try:
        ids = [UUID(each) for each in data.getlist("image")]
    except ValueError as error:
        raise Http404 from error
    visible = Image.objects.visible_to(request.user).select_related("workspace")
    found = list(visible.filter(pk__in=ids[: moves.MOST_MOVED]).newest_first())
    if not found:
        raise Http404
    return found
