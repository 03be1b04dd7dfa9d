from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.urls import reverse

from accounts import registry
from accounts.registry import Action


class StudioConfig(AppConfig):
    name = "studio"

    def ready(self) -> None:
        post_migrate.connect(_enter_offers, sender=self)
        registry.image_actions.append(_edit)


def _enter_offers(**_: Any) -> None:
    from studio import offers  # noqa: PLC0415 - models are not there yet when apps load

    offers.enter()


def _edit(image: Any) -> Action:
    return Action(label="Edit this", url=f"{reverse('studio:studio')}?source={image.pk}")
