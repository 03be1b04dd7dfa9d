import re
from uuid import UUID

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from studio import jobs
from studio.api import presenting, schema
from studio.api.authentication import check_still
from studio.api.base import ApiView, key_of
from studio.api.errors import BadField
from studio.jobs import archive
from studio.models import AnyJob, Job

MAX_WAIT_SECONDS = 60
_WAIT: dict[str, schema.Schema] = {
    "wait": {
        "type": "number",
        "minimum": 0,
        "default": 0,
        "description": f"Seconds. More than {MAX_WAIT_SECONDS} are taken as {MAX_WAIT_SECONDS}.",
    }
}


class JobOne(ApiView):
    query = _WAIT

    @schema.gives("Job", "read_job", query=_WAIT)
    def get(self, request: Request, job_id: UUID) -> Response:
        """A job. With wait=30 it is answered when it has ended, or after 30 seconds."""
        seconds = _wait_seconds(request.query_params.get("wait"))
        job = _found(request, job_id)
        with jobs.place("program", of=job.workspace_id) as is_free:
            if seconds and is_free and not job.is_terminal:
                (job,) = jobs.wait([job.pk], seconds)
                check_still(key_of(request))
        return Response(presenting.job(request, job))


class JobCancel(ApiView):
    scopes = ("generate",)

    @schema.gives("Job", "cancel_job")
    def post(self, request: Request, job_id: UUID) -> Response:
        """Stop a job that has not ended; its price is given back. Says how it stands."""
        job = _found(request, job_id)
        if isinstance(job, Job):
            jobs.cancel(job=job, by=key_of(request).created_by)
        return Response(presenting.job(request, _found(request, job_id)))


def _found(request: Request, job_id: UUID) -> AnyJob:
    job = archive.find(key_of(request).workspace, job_id)
    if job is None:
        raise Http404
    return job


def _wait_seconds(text: str | None) -> float:
    if text is None:
        return 0
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text, re.ASCII):
        raise BadField("wait", "wait is a number of seconds.")
    return min(float(text), MAX_WAIT_SECONDS)
