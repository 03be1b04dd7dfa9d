"""Jobs that ended long ago: found as the others are, and only looked at."""

from django.contrib import admin

from accounts.admin import SinceFilter
from studio.admin.jobs import JobAdmin
from studio.models import ArchivedJob


@admin.register(ArchivedJob)
class ArchivedJobAdmin(JobAdmin):
    list_filter = (SinceFilter,)  # type: ignore[assignment]
    verbs = ()  # type: ignore[assignment]
