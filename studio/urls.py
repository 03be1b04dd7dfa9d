from django.urls import include, path

from studio.views import batches, bench, jobs, page, prompts, quotes, requests, trash, usage

app_name = "studio"

urlpatterns = [
    path("", page.studio, name="studio"),
    path("bench/<uuid:image_id>", bench.bench_show, name="bench"),
    path("jobs/", jobs.job_create, name="job_create"),
    path("jobs/quote", quotes.job_quote, name="job_quote"),
    path("jobs/watch", jobs.job_watch, name="job_watch"),
    path("jobs/<uuid:job_id>/cancel", jobs.job_cancel, name="job_cancel"),
    path("jobs/<uuid:job_id>/again", jobs.job_again, name="job_again"),
    path("requests/<uuid:order_id>/yes", requests.request_approve, name="request_approve"),
    path("requests/<uuid:order_id>/no", requests.request_decline, name="request_decline"),
    path("batch/", batches.batch_create, name="batch_create"),
    path("batch/<uuid:order_id>/", batches.batch_page, name="batch_page"),
    path("batch/<uuid:order_id>/stop", batches.batch_stop, name="batch_stop"),
    path("prompts/", prompts.prompt_list, name="prompt_list"),
    path("prompts/forget", prompts.prompt_forget_all, name="prompt_forget_all"),
    path("prompts/<uuid:prompt_id>/star", prompts.prompt_star, name="prompt_star"),
    path("prompts/<uuid:prompt_id>/forget", prompts.prompt_forget, name="prompt_forget"),
    path("usage/", usage.usage_page, name="usage_page"),
    path("bench/<uuid:image_id>/trash", trash.image_trash, name="image_trash"),
    path("bench/<uuid:image_id>/restore", trash.image_restore, name="image_restore"),
    path("accounts/webhooks/", include("studio.webhooks.urls")),
]
