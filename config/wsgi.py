import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from accounts import memory
from config.bodies import measured

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = measured(get_wsgi_application())

get_resolver().url_patterns  # noqa: B018 - what every request uses is loaded now
memory.settle()
