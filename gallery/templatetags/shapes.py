"""Shapes without inline styles, which the content security policy forbids."""

from math import log2

from django import template

register = template.Library()
_STEPS_AN_OCTAVE = 12
_MOST = 24


@register.simple_tag
def ratio_class(width: int, height: int) -> str:
    """The class of `static/css/ratios.css` nearest to width / height, at most 3 % off."""
    step = round(_STEPS_AN_OCTAVE * log2(width / height)) if width and height else 0
    step = max(-_MOST, min(_MOST, step))
    return f"r{step}" if step >= 0 else f"r_{-step}"
