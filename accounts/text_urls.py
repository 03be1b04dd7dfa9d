from django.urls import re_path

from accounts.views import terms

app_name = "texts"

urlpatterns = [
    re_path(r"^(?P<name>terms|acceptable-use|privacy)/$", terms.text_page, name="page"),
]
