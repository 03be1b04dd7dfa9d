from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.urls import reverse

from accounts import registry
from accounts.registry import AccountPage, Action, Panel, SelectionAction

_USAGE = AccountPage(label="Usage", view="studio:usage_page")
_WEBHOOKS = AccountPage(
    label="Webhooks",
    view="studio:webhook_list",
    below=[f"studio:webhook_{page}" for page in ("create", "page", "rotate", "delete")],
)


class StudioConfig(AppConfig):
    name = "studio"

    def ready(self) -> None:
        post_migrate.connect(_enter_offers, sender=self)
        registry.image_actions += [_edit, _remix]
        registry.account_pages.insert(0, _USAGE)
        registry.account_pages.append(_WEBHOOKS)
        registry.account_pages.append(AccountPage(label="API reference", view="api:reference"))
        registry.key_panels.append(_first_call)
        registry.key_spending.append(_spending_of)
        registry.selection_actions.append(
            SelectionAction(label="Edit these", view="studio:batch_create", is_for=_may_make)
        )
        registry.image_releases.append(_release_images)
        registry.member_spending.append(_spending_in)
        registry.workspace_holdings.append(_jobs_of)
        registry.member_leavings.append(_webhooks_of)
        from studio import belongings  # noqa: PLC0415

        belongings.register()
        registry.workspace_panels += [_requests_in, _quotas_of]
        registry.admin_workspace_panels.append(_usage_of)


def _enter_offers(**_: Any) -> None:
    from studio import offers  # noqa: PLC0415 - models are not there yet when apps load

    offers.enter()


def _may_make(request: Any) -> bool:
    from accounts import workspaces  # noqa: PLC0415

    return workspaces.may_make(request.user, request.workspace)


def _first_call(request: Any, key: Any) -> Panel:
    from studio.api import reference  # noqa: PLC0415

    return reference.first_call(request, key)


def _spending_of(keys: Collection[Any]) -> Mapping[UUID, int]:
    from studio import jobs  # noqa: PLC0415

    return jobs.spending_of(keys)


def _release_images(images: Collection[UUID]) -> Collection[UUID]:
    from studio import jobs  # noqa: PLC0415

    return jobs.release_images(images)


def _remix(image: Any) -> Action | None:
    """Its prompt and settings for another picture; a photo has none."""
    if not image.prompt:
        return None
    return Action(label="Remix", url=f"{reverse('studio:studio')}?remix={image.pk}")


def _spending_in(workspace: Any) -> Mapping[int, int]:
    from studio import jobs  # noqa: PLC0415

    return jobs.spending_in(workspace)


def _jobs_of(workspace: Any) -> list[str]:
    from studio.models import Job  # noqa: PLC0415

    count = Job.objects.in_workspace(workspace).unfinished().count()
    return [f"{count:,} of its pictures are being made."] if count else []


def _requests_in(workspace: Any, me: Any) -> Panel | None:
    from studio import quotas  # noqa: PLC0415

    return quotas.requests(workspace, me)


def _quotas_of(workspace: Any, me: Any) -> Panel:
    from studio import quotas  # noqa: PLC0415

    return quotas.panel(workspace, me)


def _usage_of(_request: Any, workspace: Any) -> Panel:
    from studio import quotas  # noqa: PLC0415

    return quotas.of_workspace(workspace)


def _webhooks_of(workspace: Any, user: Any) -> list[str]:
    from studio.models import Webhook  # noqa: PLC0415

    count = Webhook.objects.in_workspace(workspace).filter(created_by=user).count()
    if not count:
        return []
    webhooks = "A webhook" if count == 1 else f"{count} webhooks"
    return [f"{webhooks} that they added will go on: see whose address it is."]


def _edit(image: Any) -> Action:
    return Action(label="Edit this", url=f"{reverse('studio:studio')}?source={image.pk}")
