from django.urls import include, path

from gallery.views import downloads, images, lists, verifying

app_name = "gallery"

urlpatterns = [
    path("", include("gallery.sharing.urls")),
    path("verify/", verifying.verify, name="verify"),
    path("gallery/", lists.image_list, name="image_list"),
    path("images/<uuid:image_id>/", images.image_page, name="image_page"),
    path("images/<uuid:image_id>/download", downloads.image_download, name="image_download"),
    path("images/<uuid:image_id>/<str:variant>", images.image_file, name="image_file"),
]
