import os

from django.core.wsgi import get_wsgi_application

from config.bodies import measured

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = measured(get_wsgi_application())
