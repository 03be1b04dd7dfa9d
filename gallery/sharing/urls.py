from django.urls import path

from gallery.sharing import public, views

urlpatterns = [
    path("links/", views.link_list, name="link_list"),
    path("links/new", views.link_create, name="link_create"),
    path("links/<uuid:link_id>/", views.link_page, name="link_page"),
    path("links/<uuid:link_id>/revoke", views.link_revoke, name="link_revoke"),
    path("s/<str:token>/", public.share_page, name="share_page"),
    path("s/<str:token>/open", public.share_open, name="share_open"),
    path("s/<str:token>/report", public.share_report, name="share_report"),
    path("s/<str:token>/<uuid:image_id>/", public.share_image, name="share_image"),
    path("s/<str:token>/<uuid:image_id>/download", public.share_download, name="share_download"),
    path("s/<str:token>/<uuid:image_id>/<str:variant>", public.share_file, name="share_file"),
]
