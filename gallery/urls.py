from django.urls import include, path

from gallery.views import (
    collections,
    downloads,
    images,
    lists,
    moves,
    retention,
    selection,
    verifying,
)

app_name = "gallery"

urlpatterns = [
    path("", include("gallery.sharing.urls")),
    path("verify/", verifying.verify, name="verify"),
    path(
        "workspaces/<uuid:workspace_id>/photos", retention.retention_change, name="retention_change"
    ),
    path("gallery/", lists.image_list, name="image_list"),
    path("gallery/trash/", lists.trash_list, name="trash_list"),
    path("gallery/selection/trash", selection.image_trash, name="image_trash"),
    path("gallery/selection/restore", selection.image_restore, name="image_restore"),
    path("gallery/selection/erase", selection.image_erase, name="image_erase"),
    path("gallery/selection/favourite", selection.image_favourite, name="image_favourite"),
    path("gallery/selection/collect", selection.image_collect, name="image_collect"),
    path("gallery/selection/zip", selection.image_zip, name="image_zip"),
    path("collections/", collections.collection_list, name="collection_list"),
    path("collections/new", collections.collection_create, name="collection_create"),
    path("collections/<uuid:collection_id>/", lists.collection_page, name="collection_page"),
    *(
        path(f"collections/<uuid:collection_id>/{verb}", view, name=f"collection_{verb}")
        for verb, view in (
            ("change", collections.collection_change),
            ("delete", collections.collection_delete),
            ("remove", collections.collection_remove),
            ("cover", collections.collection_cover),
            ("move", collections.collection_move),
        )
    ),
    path("images/move", moves.image_move, name="image_move"),
    path("images/<uuid:image_id>/", images.image_page, name="image_page"),
    path("images/<uuid:image_id>/download", downloads.image_download, name="image_download"),
    path("images/<uuid:image_id>/note", selection.image_note, name="image_note"),
    path("images/<uuid:image_id>/<str:variant>", images.image_file, name="image_file"),
]
