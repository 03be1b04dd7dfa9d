from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate
from django.urls import reverse

from accounts import registry
from accounts.registry import AccountPage, Action, Panel, SelectionAction

_LINKS = AccountPage(
    label="Share links",
    view="gallery:link_list",
    below=[f"gallery:link_{page}" for page in ("create", "page", "revoke")],
)


class GalleryConfig(AppConfig):
    name = "gallery"

    def ready(self) -> None:
        registry.account_pages.append(_LINKS)
        pre_migrate.connect(_unguard, sender=self)
        post_migrate.connect(_guard, sender=self)
        registry.image_actions.append(_move)
        registry.selection_actions.append(
            SelectionAction(label="Move or copy", view="gallery:image_move")
        )
        registry.workspace_holdings.append(_pictures_of)
        registry.privacy_panels.append(_retention)
        from gallery import belongings  # noqa: PLC0415 - models are not there yet when apps load

        belongings.register()


def _unguard(*, using: str, plan: list[Any], **_: Any) -> None:
    from gallery import search_index  # noqa: PLC0415 - models are not there yet when apps load

    if plan:
        search_index.unguard(using=using)


def _guard(*, using: str, **_: Any) -> None:
    from gallery import search_index, stock  # noqa: PLC0415 - models are not there yet when apps load

    stock.guard(using=using)
    search_index.guard(using=using)


def _move(image: Any) -> Action:
    return Action(label="Move or copy", url=f"{reverse('gallery:image_move')}?image={image.pk}")


def _retention(request: Any) -> Panel | None:
    from gallery.views import retention  # noqa: PLC0415

    return retention.panel(request)


def _pictures_of(workspace: Any) -> list[str]:
    from gallery.models import Image  # noqa: PLC0415

    count = Image.objects.filter(workspace=workspace).count()
    if not count:
        return []
    pictures = "1 picture" if count == 1 else f"{count:,} pictures"
    return [f"It has {pictures}, counting those in the trash."]
