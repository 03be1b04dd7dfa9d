"""A picture of the studio into the trash, and back again."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from accounts.middleware import WorkspaceRequest
from gallery import trash
from gallery.models import Image
from studio.models import Job
from studio.views.fragments import fragment, signed_in


@require_POST
@signed_in
def image_trash(request: WorkspaceRequest, image_id: UUID) -> HttpResponse:
    image = _image(request, image_id)
    trash.trash(images=[image], by=request.user)
    return _answer(request, image, "The picture is in the trash.", is_trashed=True)


@require_POST
@signed_in
def image_restore(request: WorkspaceRequest, image_id: UUID) -> HttpResponse:
    image = _image(request, image_id)
    trash.restore(images=[image], by=request.user)
    return _answer(request, image, "The picture is back.", is_trashed=False)


def _image(request: WorkspaceRequest, image_id: UUID) -> Image:
    """Also one that is in the trash: either verb may be repeated."""
    ours = Image.objects.filter(workspace__memberships__user=request.user)
    return get_object_or_404(ours.select_related("workspace"), pk=image_id)


def _answer(
    request: WorkspaceRequest, image: Image, said: str, *, is_trashed: bool
) -> HttpResponse:
    """Its cards as they are now, and a way to undo it."""
    if not request.htmx:
        messages.info(request, said)
        return redirect("studio:studio")
    cards = Job.objects.filter(image=image).with_pictures()
    context = {"jobs": cards, "image": image, "said": said, "is_trashed": is_trashed}
    return fragment(request, "studio/_trashed.html", context)
