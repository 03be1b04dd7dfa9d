from django.urls import path

from accounts.views import keys

app_name = "accounts"

urlpatterns = [
    path("keys/", keys.key_list, name="key_list"),
    path("keys/new", keys.key_create, name="key_create"),
    path("keys/<uuid:key_id>/", keys.key_change, name="key_change"),
    path("keys/<uuid:key_id>/revoke", keys.key_revoke, name="key_revoke"),
]
