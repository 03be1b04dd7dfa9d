"""The picture that is being worked on, for the studio that is open."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.middleware import WorkspaceRequest
from gallery.models import Image
from studio import bench
from studio.views.fragments import fragment, signed_in


@never_cache
@require_safe
@signed_in
def bench_show(request: WorkspaceRequest, image_id: UUID) -> HttpResponse:
    image = get_object_or_404(Image.objects.in_workspace(request.workspace), pk=image_id)
    return fragment(request, "studio/_bench.html", {"bench": bench.of(image)})
