from django import template

from studio import health

register = template.Library()


@register.simple_tag
def installation_health() -> health.Health:
    return health.look()
