from django import template

from accounts import money

register = template.Library()
register.filter("dollars", money.dollars)
