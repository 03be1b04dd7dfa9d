from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from accounts import registry
from accounts.registry import AccountPage

_LINKS = AccountPage(
    label="Share links",
    view="gallery:link_list",
    below=[f"gallery:link_{page}" for page in ("create", "page", "revoke")],
)


class GalleryConfig(AppConfig):
    name = "gallery"

    def ready(self) -> None:
        registry.account_pages.append(_LINKS)
        post_migrate.connect(_guard, sender=self)


def _guard(*, using: str, **_: Any) -> None:
    from gallery import search, stock  # noqa: PLC0415 - models are not there yet when apps load

    stock.guard(using=using)
    search.guard(using=using)
