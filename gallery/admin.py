from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.admin import KeptAdmin, ReadOnlyAdmin
from accounts.models import Workspace
from gallery.downloads import Choice
from gallery.models import Image, Report
from gallery.sharing import reports
from gallery.views import files

_PREVIEW = Choice(side=512, content_type="image/webp", inside="nothing")


@admin.register(Image)
class ImageAdmin(ReadOnlyAdmin):
    list_display = ("id", "created_at", "kind", "model", "width", "height", "size_bytes")
    list_filter = ("kind",)
    search_fields = ("id",)
    search_help_text = "An image’s id, or the SHA-256 of its file."
    ordering = ("-id",)

    def found(self, rows: QuerySet[Any], words: str) -> QuerySet[Any]:
        """Sums are indexed within each workspace."""
        try:
            return rows.filter(pk=UUID(words))
        except ValueError:
            ours = Workspace.objects.values("pk")
            return rows.filter(workspace__in=ours, sha256=words.lower())


@admin.register(Report)
class ReportAdmin(KeptAdmin):
    """The open ones first. What is done about one is told in its outcome, which handles it."""

    list_display = ("created_at", "reason", "workspace", "picture", "handled_at")
    list_select_related = ("workspace", "image")
    list_filter = (("handled_at", admin.EmptyFieldListFilter), "reason")
    ordering = ("-created_at",)
    date_hierarchy = "created_at"
    actions = ("stop_links", "remove_pictures")
    readonly_fields = (
        *("created_at", "reason", "text", "email", "workspace"),
        *("picture", "image", "link", "handled_at"),
    )
    fields = (*readonly_fields, "outcome")

    def get_urls(self) -> list[URLPattern]:
        """With the picture, which is its workspace's, and shown here for its report alone."""
        show = self.admin_site.admin_view(self.picture_file)
        own = path("<uuid:report_id>/picture", show, name="gallery_report_picture")
        return [own, *super().get_urls()]

    def picture_file(self, request: HttpRequest, report_id: UUID) -> HttpResponseBase:
        if not self.has_view_permission(request):
            raise PermissionDenied
        report = get_object_or_404(Report.objects.select_related("image"), pk=report_id)
        if report.image is None:
            raise Http404
        return files.download(report.image, _PREVIEW, is_attachment=False, name="reported")

    @admin.display(description="picture")
    def picture(self, report: Report) -> SafeString | str:
        if report.image is None:
            return "gone, or a whole collection"
        address = reverse("admin:gallery_report_picture", args=[report.pk])
        return format_html('<a href="{}">Look at it</a>', address)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        reports.handle(report=obj, outcome=obj.outcome)

    @admin.action(description="Stop the links", permissions=("change",))
    def stop_links(self, request: HttpRequest, chosen: QuerySet[Report]) -> None:
        self._do(request, chosen, reports.stop_link, "stopped the link")

    @admin.action(description="Move the pictures to the trash", permissions=("change",))
    def remove_pictures(self, request: HttpRequest, chosen: QuerySet[Report]) -> None:
        self._do(request, chosen, reports.remove_picture, "moved the picture to the trash")

    def _do(self, request: HttpRequest, chosen: Any, verb: Any, words: str) -> None:
        done = [report for report in chosen if verb(report)]
        for report in done:
            self.log_change(request, report, words)
        messages.success(request, f"{words.capitalize()} of {len(done)}.")
