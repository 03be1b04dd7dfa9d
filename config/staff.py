"""Who may enter the admin: its staff, signed in by allauth, with a second step where required."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

_LACKS = "The administration wants a second step at signing in. Set one up here, then come back."


class StaffSite(admin.AdminSite):
    site_header = site_title = "Easel"
    index_title = "Administration"
    index_template = "admin/index.html"

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and not self.lacks_second_step(request)

    def lacks_second_step(self, request: HttpRequest) -> bool:
        """Asked of every request, so that removing it shuts the door at once."""
        return settings.STAFF_MFA and not is_mfa_enabled(request.user)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if super().has_permission(request) and self.lacks_second_step(request):
            messages.warning(request, _LACKS)
            return redirect("mfa_index")
        found: HttpResponse = secure_admin_login(super().login)(request, extra_context)
        return found
