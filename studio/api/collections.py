from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.http import Http404
from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from gallery import collections
from gallery.collections import CollectionRefused
from gallery.models import Collection, Image
from gallery.models.collections import CollectionQuerySet
from studio.api import fields, finding, parsers, presenting, schema
from studio.api.base import ApiView, key_of
from studio.api.errors import BadField

_FILTERS = {name: each for name, each in finding.FILTERS.items() if name != "collection"}


class _CollectionView(ApiView):
    scopes = ("read",)
    change_scopes = ("generate",)


class CollectionList(_CollectionView):
    query = finding.PAGES

    @schema.gives("CollectionList", "list_collections", query=finding.PAGES)
    def get(self, request: Request) -> Response:
        """The workspace's collections, newest first. after=ID goes on below that one."""
        rows = _ours(request)
        limit, after = finding.limit(request), request.query_params.get("after")
        if after is not None:
            rows = rows.older_than(_last(request, after))
        found = list(rows.with_covers().order_by("-created_at", "-pk")[: limit + 1])
        page = [presenting.collection(each) for each in found[:limit]]
        return finding.listing(page, has_more=len(found) > limit)

    @schema.takes(fields.NAME, "Collection", "create_collection")
    def post(self, request: Request) -> Response:
        """Make an empty collection."""
        name = fields.read_all(parsers.read(request), fields.NAME)["name"]
        key = key_of(request)
        with _refusing("name"):
            made = collections.create(workspace=key.workspace, by=key.created_by, name=name)
        return _shown(request, made.pk)


class CollectionOne(_CollectionView):
    http_method_names = ["get", "head", "post", "delete"]

    @schema.gives("Collection", "read_collection")
    def get(self, request: Request, collection_id: UUID) -> Response:
        """One collection."""
        return _shown(request, collection_id)

    @schema.takes({}, "Collection", "change_collection", optional=fields.NAME | fields.COVER)
    def post(self, request: Request, collection_id: UUID) -> Response:
        """Give it another name, or another cover."""
        collection = _found(request, collection_id)
        changed = fields.read_some(parsers.read(request), fields.NAME | fields.COVER)
        if not changed:
            raise BadField("name", "There is nothing to change: give name or cover.")
        with _refusing("cover" if "cover" in changed else "name"):
            collections.change(collection=collection, by=key_of(request).created_by, **changed)
        return _shown(request, collection_id)

    @schema.gives("Deleted", "delete_collection")
    def delete(self, request: Request, collection_id: UUID) -> Response:
        """Delete a collection. Its images stay."""
        collection = _found(request, collection_id)
        collections.delete(collection=collection, by=key_of(request).created_by)
        return Response({"id": str(collection_id), "object": "collection", "deleted": True})


class CollectionImages(_CollectionView):
    query = finding.PAGES | _FILTERS

    @schema.gives("ImageList", "list_collection_images", query=finding.PAGES | _FILTERS)
    def get(self, request: Request, collection_id: UUID) -> Response:
        """The images of a collection, as arranged unless sorted, by the filters of /v1/images."""
        return finding.page(request, collection=_found(request, collection_id))

    @schema.takes(fields.IMAGES, "Collection", "add_collection_images")
    def post(self, request: Request, collection_id: UUID) -> Response:
        """Put images at the end, in their order. One that is in it already stays where it is."""
        collection = _found(request, collection_id)
        ids = fields.read_all(parsers.read(request), fields.IMAGES)["images"]
        found = Image.objects.in_workspace(collection.workspace).in_bulk(ids)
        if missing := [each for each in ids if each not in found]:
            raise BadField("images", f"{missing[0]} is no image of this workspace.")
        by = key_of(request).created_by
        with _refusing("images"):
            collections.add(collection=collection, images=[found[each] for each in ids], by=by)
        return _shown(request, collection_id)


class CollectionMove(_CollectionView):
    @schema.takes(fields.IMAGES, "Collection", "move_collection_images", optional=fields.AFTER)
    def post(self, request: Request, collection_id: UUID) -> Response:
        """Put some of its images right after another one, in their order; or first of all."""
        collection = _found(request, collection_id)
        asked = fields.read_all(parsers.read(request), fields.IMAGES, optional=fields.AFTER)
        with _refusing("images"):
            collections.move(
                collection=collection,
                images=asked["images"],
                after=asked.get("after"),
                by=key_of(request).created_by,
            )
        return _shown(request, collection_id)


class CollectionRemove(_CollectionView):
    @schema.takes(fields.IMAGES, "Collection", "remove_collection_images")
    def post(self, request: Request, collection_id: UUID) -> Response:
        """Take images out of it, and nowhere else. What is not in it does no harm."""
        collection = _found(request, collection_id)
        ids = fields.read_all(parsers.read(request), fields.IMAGES)["images"]
        gone = [Image(pk=each) for each in ids]
        collections.remove(collection=collection, images=gone, by=key_of(request).created_by)
        return _shown(request, collection_id)


class CollectionImage(_CollectionView):
    http_method_names = ["delete"]

    @schema.gives("Collection", "remove_collection_image")
    def delete(self, request: Request, collection_id: UUID, image_id: UUID) -> Response:
        """Take an image out of a collection, and nowhere else."""
        collection = _found(request, collection_id)
        by = key_of(request).created_by
        if not collections.remove(collection=collection, images=[Image(pk=image_id)], by=by):
            raise Http404
        return _shown(request, collection_id)


def _ours(request: Request) -> CollectionQuerySet:
    return Collection.objects.filter(workspace=key_of(request).workspace)


def _found(request: Request, collection_id: UUID) -> Collection:
    return get_object_or_404(_ours(request).select_related("workspace"), pk=collection_id)


def _shown(request: Request, collection_id: UUID) -> Response:
    found = get_object_or_404(_ours(request).with_covers(), pk=collection_id)
    return Response(presenting.collection(found))


def _last(request: Request, text: str) -> Collection:
    found = _ours(request).filter(pk=finding.id_of("after", text)).first()
    if found is None:
        raise BadField("after", "after is to be the id of one of your collections.")
    return found


@contextmanager
def _refusing(param: str) -> Iterator[None]:
    try:
        yield
    except CollectionRefused as error:
        raise BadField(param, str(error)) from error
