from django import template

from studio.models import Alert

register = template.Library()


@register.simple_tag
def open_alerts() -> list[Alert]:
    return list(Alert.objects.filter(closed_at=None).order_by("-seen_at")[:20])
