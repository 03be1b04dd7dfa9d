from django.urls import path

from studio.api.collections import (
    CollectionImage,
    CollectionImages,
    CollectionList,
    CollectionMove,
    CollectionOne,
    CollectionRemove,
)
from studio.api.images import Edits, Generations, ImageContent, ImageList, ImageOne
from studio.api.jobs import JobCancel, JobOne
from studio.api.models import ModelList, ModelOne
from studio.api.reference import reference
from studio.api.schema import Document
from studio.api.usage import Usage

app_name = "api"

urlpatterns = [
    path("images/generations", Generations.as_view(), name="generations"),
    path("images/edits", Edits.as_view(), name="edits"),
    path("images", ImageList.as_view(), name="image_list"),
    path("images/<uuid:image_id>", ImageOne.as_view(), name="image"),
    path("images/<uuid:image_id>/content", ImageContent.as_view(), name="image_content"),
    path("collections", CollectionList.as_view(), name="collection_list"),
    path("collections/<uuid:collection_id>", CollectionOne.as_view(), name="collection"),
    path(
        "collections/<uuid:collection_id>/images",
        CollectionImages.as_view(),
        name="collection_images",
    ),
    path(
        "collections/<uuid:collection_id>/images/move",
        CollectionMove.as_view(),
        name="collection_move",
    ),
    path(
        "collections/<uuid:collection_id>/images/remove",
        CollectionRemove.as_view(),
        name="collection_remove",
    ),
    path(
        "collections/<uuid:collection_id>/images/<uuid:image_id>",
        CollectionImage.as_view(),
        name="collection_image",
    ),
    path("jobs/<uuid:job_id>", JobOne.as_view(), name="job"),
    path("jobs/<uuid:job_id>/cancel", JobCancel.as_view(), name="job_cancel"),
    path("models", ModelList.as_view(), name="model_list"),
    path("models/<str:name>", ModelOne.as_view(), name="model"),
    path("usage", Usage.as_view(), name="usage"),
    path("schema", Document.as_view(), name="schema"),
    path("docs", reference, name="reference"),
]
