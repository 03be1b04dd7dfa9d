from uuid import UUID

from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import ApiKey, User
from gallery import images
from gallery.images import StorageError
from gallery.models import Image
from gallery.views.files import SentFile
from studio.api import finding, links, making, presenting, schema
from studio.api.authentication import HasScope, KeyAuthentication
from studio.api.base import ApiView, key_of
from studio.api.errors import Refusal
from studio.api.parsers import MultiPartParser, StrictJsonParser


class Generations(ApiView):
    scopes = ("generate",)
    parser_classes = (StrictJsonParser,)

    @schema.makes("generate")
    def post(self, request: Request) -> Response:
        """Make images from words."""
        return making.answer(request, "generate")


class Edits(ApiView):
    scopes = ("generate",)
    parser_classes = (MultiPartParser, StrictJsonParser)

    @schema.makes("edit")
    def post(self, request: Request) -> Response:
        """Change one image as the words say."""
        return making.answer(request, "edit")


class ImageList(ApiView):
    scopes = ("read",)
    query = finding.PAGES | finding.FILTERS

    @schema.gives("ImageList", "list_images", query=finding.PAGES | finding.FILTERS)
    def get(self, request: Request) -> Response:
        """The workspace's images, by the gallery's filters. after=ID goes on below that one."""
        return finding.page(request)


class ImageOne(ApiView):
    scopes = ("read",)

    @schema.gives("Image", "read_image")
    def get(self, request: Request, image_id: UUID) -> Response:
        """One image and its recipe."""
        ours = Image.objects.in_workspace(key_of(request).workspace)
        return Response(presenting.image(request, get_object_or_404(ours, pk=image_id)))


class _KeyUnlessLink(KeyAuthentication):
    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        return None if "signature" in request.query_params else super().authenticate(request)


class _HasLinkOrScope(HasScope):
    def has_permission(self, request: Request, view: APIView) -> bool:
        if request.auth is not None:
            return super().has_permission(request, view)
        key = links.key_of(view.kwargs["image_id"], request.query_params)
        if key is not None:
            view.linked_to = key  # type: ignore[attr-defined]
            return True
        raise Refusal(403, "This link is wrong or has expired.", code="link_expired")


class ImageContent(ApiView):
    scopes = ("read",)
    query = links.QUERY
    authentication_classes = (_KeyUnlessLink,)
    permission_classes = (_HasLinkOrScope,)
    linked_to: ApiKey | None = None

    @schema.gives_bytes("read_image_content")
    def get(self, request: Request, image_id: UUID) -> HttpResponseBase:
        """The image's bytes, for a key, or for anybody with a link that was given to one."""
        key = self.linked_to or key_of(request)
        rows = Image.objects.in_workspace(key.workspace)
        return _file(get_object_or_404(rows, pk=image_id))


def _file(image: Image) -> HttpResponseBase:
    try:
        file = images.reader(image.original)
    except FileNotFoundError as error:
        raise Http404 from error
    except StorageError as error:
        raise Refusal(503, "The storage does not answer.", code="storage") from error
    response = SentFile(file, content_type=image.content_type)
    response["Content-Length"] = str(image.size_bytes)
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, max-age=7200, immutable"
    return response
