import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from config.bodies import measured

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = measured(get_wsgi_application())

# What every request uses is loaded now, and looked through for garbage no more: that took a third
# of a second, in the middle of somebody's request
get_resolver().url_patterns  # noqa: B018
gc.collect()
gc.freeze()
