from uuid import UUID

from django.http import FileResponse, Http404, HttpResponseBase
from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import ApiKey, User
from gallery import images
from gallery.images import StorageError
from gallery.models import Image
from studio.api import links, making, presenting, schema
from studio.api.authentication import HasScope, KeyAuthentication
from studio.api.base import ApiView, key_of
from studio.api.errors import BadField, Refusal
from studio.api.parsers import MultiPartParser, StrictJsonParser

_MAX_PAGE = 100
_PAGE = 20
_PAGES: dict[str, schema.Schema] = {
    "limit": {
        "type": "integer",
        "minimum": 1,
        "maximum": _MAX_PAGE,
        "default": _PAGE,
        "description": "How many.",
    },
    "after": {"type": "string", "format": "uuid", "description": "The last image of a page."},
}


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
    query = _PAGES

    @schema.gives("ImageList", "list_images", query=_PAGES)
    def get(self, request: Request) -> Response:
        """The workspace's images, newest first. after=ID goes on below that one."""
        rows = Image.objects.in_workspace(key_of(request).workspace)
        limit = _limit(request.query_params.get("limit"))
        after = request.query_params.get("after")
        if after is not None:
            rows = rows.older_than(_named(request, after))
        found = list(rows.newest_first()[: limit + 1])
        page = [presenting.image(request, each) for each in found[:limit]]
        return Response(
            {
                "object": "list",
                "data": page,
                "first_id": page[0]["id"] if page else None,
                "last_id": page[-1]["id"] if page else None,
                "has_more": len(found) > limit,
            }
        )


def _limit(text: str | None) -> int:
    if text is None:
        return _PAGE
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= _MAX_PAGE):
        raise BadField("limit", f"limit is to be a whole number from 1 to {_MAX_PAGE}.")
    return int(text)


def _named(request: Request, text: str) -> Image:
    try:
        found = Image.objects.in_workspace(key_of(request).workspace).filter(pk=UUID(text)).first()
    except ValueError:
        found = None
    if found is None:
        raise BadField("after", "after is to be the id of one of your images.")
    return found


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
    response = FileResponse(file, content_type=image.content_type)
    response["Content-Length"] = str(image.size_bytes)
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, max-age=7200, immutable"
    return response
