"""The rings that wait, and the answers to one that failed: to look at.

django-q2's own lists count all that they have, and change what only its processes may. Nothing is
planned there, and no success is kept.
"""

from django.conf import settings
from django.contrib import admin
from django_q.admin import Failure, OrmQ, Schedule, Success

from accounts.admin import ReadOnlyAdmin

admin.site.unregister((Failure, Schedule, Success))
if admin.site.is_registered(OrmQ):  # by django-q2, where the database is the broker
    admin.site.unregister(OrmQ)


class RingAdmin(ReadOnlyAdmin):
    list_display = ("id", "key", "lock")
    ordering = ("-id",)
    fields = list_display


if settings.BROKER == "database":
    admin.site.register(OrmQ, RingAdmin)


@admin.register(Failure)
class FailureAdmin(ReadOnlyAdmin):
    list_display = ("name", "func", "started", "stopped", "attempt_count")
    ordering = ("-stopped",)
    fields = (*list_display, "result")
