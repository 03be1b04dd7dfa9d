from django import template

register = template.Library()
_TYPES = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WebP"}


@register.filter
def file_type(content_type: str) -> str:
    return _TYPES.get(content_type, content_type)


@register.filter
def file_size(size_bytes: int) -> str:
    """In KB or MB of 1,000, as file managers count."""
    if size_bytes < 999_500:
        return f"{max(1, round(size_bytes / 1000)):,} KB"
    return f"{size_bytes / 1_000_000:.1f} MB"


@register.filter
def seconds(milliseconds: int) -> str:
    """Such as "0.32", "1.5", "12": two digits that tell something, or whole seconds."""
    if milliseconds < 1_000:
        return f"{milliseconds / 1000:.2f}"
    return f"{milliseconds / 1000:.1f}" if milliseconds < 10_000 else f"{milliseconds / 1000:.0f}"
