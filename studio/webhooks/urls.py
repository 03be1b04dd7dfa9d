from django.urls import path

from studio.webhooks import views

urlpatterns = [
    path("", views.webhook_list, name="webhook_list"),
    path("new", views.webhook_create, name="webhook_create"),
    path("<uuid:webhook_id>/", views.webhook_page, name="webhook_page"),
    path("<uuid:webhook_id>/rotate", views.webhook_rotate, name="webhook_rotate"),
    path("<uuid:webhook_id>/switch", views.webhook_switch, name="webhook_switch"),
    path("<uuid:webhook_id>/test", views.webhook_test, name="webhook_test"),
    path("<uuid:webhook_id>/delete", views.webhook_delete, name="webhook_delete"),
    path("deliveries/<uuid:delivery_id>/again", views.delivery_again, name="delivery_again"),
]
