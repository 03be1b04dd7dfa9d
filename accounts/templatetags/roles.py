from django import template

from accounts import members
from accounts.models import Role

register = template.Library()


@register.filter
def role_called(role: str) -> str:
    """With its article."""
    return members.CALLED[Role(role)]


@register.filter
def role_words(role: str) -> str:
    """What it may do."""
    return members.WORDS[Role(role)]
