from django.urls import include, path

from studio.views import jobs, page

app_name = "studio"

urlpatterns = [
    path("", page.studio, name="studio"),
    path("jobs/", jobs.job_create, name="job_create"),
    path("jobs/watch", jobs.job_watch, name="job_watch"),
    path("jobs/<uuid:job_id>/cancel", jobs.job_cancel, name="job_cancel"),
    path("accounts/webhooks/", include("studio.webhooks.urls")),
]
