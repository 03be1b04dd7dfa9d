from django.contrib import admin

from accounts.admin import ReadOnlyAdmin
from gallery.models import Image


@admin.register(Image)
class ImageAdmin(ReadOnlyAdmin):
    list_display = ("id", "created_at", "kind", "model", "width", "height", "size_bytes")
    list_filter = ("kind",)
    search_fields = ("=id", "=sha256")
    ordering = ("-id",)
