from django.urls import path

from gallery import views

app_name = "gallery"

urlpatterns = [
    path("gallery/", views.image_list, name="image_list"),
    path("images/<uuid:image_id>/", views.image_page, name="image_page"),
    path("images/<uuid:image_id>/<str:variant>", views.image_file, name="image_file"),
]
