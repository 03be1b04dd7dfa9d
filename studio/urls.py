from django.urls import include, path

from studio import views

app_name = "studio"

urlpatterns = [
    path("", views.studio, name="studio"),
    path("jobs/", views.job_create, name="job_create"),
    path("jobs/watch", views.job_watch, name="job_watch"),
    path("jobs/<uuid:job_id>/cancel", views.job_cancel, name="job_cancel"),
    path("accounts/webhooks/", include("studio.webhooks.urls")),
]
