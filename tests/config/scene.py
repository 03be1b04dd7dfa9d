"""A team of Ada's with one of everything in it, and what to ask for that at each route."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import QuerySet
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import ids, keys, ledger, teams, workspaces
from accounts.models import (
    ApiKey,
    Export,
    Invitation,
    Membership,
    Payment,
    Role,
    User,
    Wallet,
    Workspace,
)
from gallery import collections, images, pictures, trash
from gallery.models import Collection, CollectionImage, Favourite, Image, ShareLink
from gallery.sharing import links
from gallery.sharing.links import Terms
from studio import prompts
from studio.models import Delivery, Job, Prompt, State, Webhook
from studio.webhooks import signing
from tests.gallery.makers import png
from tests.studio.makers import submit

REQUEST_ROUTES = ("studio:request_approve", "studio:request_decline")
IMAGE_ROUTES = ("bench", "image_trash", "image_restore")
SELECTION_ROUTES = ("trash", "restore", "erase", "favourite", "zip")
COLLECTION_ROUTES = ("page", "change", "delete", "remove", "cover", "move")
TEAM_ROUTES = ("page", "switch", "rename", "credit", "leave", "delete")
MEMBER_ROUTES = ("change", "remove", "hand_over")
WEBHOOK_ROUTES = ("page", "rotate", "delete", "switch", "test")
PROMPT = "a very secret lake"
EVERYTHING = Terms(expires_at=None, shows_recipe=True, allows_download=True, allows_preview=True)
BYTES = png(64, 48)


@pytest.fixture
def workspace(ada: User) -> Workspace:
    """A team of Ada's, which Ben and Vera join; it was given credit."""
    team = teams.open_team(by=ada, name="Lake house")
    ledger.grant(to=team, amount_micros=900_000, reference="grant:team")
    return team


def signed_in(user: User, workspace: Workspace) -> Client:
    EmailAddress.objects.create(user=user, email=user.email, verified=True)
    client = Client()
    client.force_login(user)
    session = client.session
    session["workspace"] = str(workspace.pk)
    session.save()
    return client


def scene(route: str, ada: User, workspace: Workspace) -> tuple[str, dict[str, str]]:
    """A job, a picture and a key of Ada's, a member, and what to ask for them at this route."""
    (job,) = submit(ada, workspace, prompt=PROMPT)
    Image.objects.all().delete()
    image = images.store(
        workspace_id=workspace.pk,
        by_id=ada.pk,
        key=images.stage(BYTES, suffix="png"),
        picture=pictures.verify(BYTES),
        kind=Image.Kind.GENERATED,
        prompt=PROMPT,
    )
    key, _ = keys.issue(workspace=workspace, by=ada, name=PROMPT)
    prompts.remember(by=ada, workspace=workspace, text=PROMPT)
    prompt = Prompt.objects.get(user=ada, workspace=workspace)
    if route == "studio:job_again":
        Job.objects.update(state=State.FAILED, finished_at=timezone.now())
    if route in REQUEST_ROUTES:
        pia = person_of(workspace)
        Job.objects.filter(pk=job.pk).update(state=State.PARKED, created_by=pia)
    payment = Payment.objects.create(workspace=workspace, created_by=ada, amount_cents=500)
    webhook = Webhook.objects.create(workspace=workspace, url=f"https://hooks.example/{PROMPT}")
    delivery = Delivery.objects.create(webhook=webhook, event_id="evt_1", type="job.x", body="{}")
    link = links.make(of=image, by=ada, terms=EVERYTHING, link_id=ids.new())
    token = links.address(link).split("/")[-2]
    shared = {"token": token, "image_id": image.pk}
    collection = collected(workspace, ada, image)
    if route in {"gallery:trash_list", "gallery:image_restore", "gallery:image_erase"}:
        images.trash(images=[image], by=ada)
    of_collection = {"collection_id": collection.pk}
    member = Membership.objects.get(user=person_of(workspace), workspace=workspace)
    invitation = invited(ada, workspace)
    named: dict[str, dict[str, Any]] = {
        **{f"gallery:link_{each}": {"link_id": link.pk} for each in ("page", "revoke")},
        **{f"gallery:share_{each}": {"token": token} for each in ("page", "open", "report")},
        **{f"gallery:share_{each}": shared for each in ("image", "download")},
        "gallery:share_file": {**shared, "variant": "original"},
        **{f"gallery:collection_{each}": of_collection for each in COLLECTION_ROUTES},
        "gallery:image_note": {"image_id": image.pk},
        "gallery:retention_change": {"workspace_id": workspace.pk},
        **{f"accounts:workspace_{each}": {"workspace_id": workspace.pk} for each in TEAM_ROUTES},
        **{f"accounts:member_{each}": {"member_id": member.pk} for each in MEMBER_ROUTES},
        "accounts:invitation_create": {"workspace_id": workspace.pk},
        "accounts:invitation_resend": {"invitation_id": invitation.pk},
        "accounts:invitation_revoke": {"invitation_id": invitation.pk},
        **{f"studio:webhook_{each}": {"webhook_id": webhook.pk} for each in WEBHOOK_ROUTES},
        "studio:delivery_again": {"delivery_id": delivery.pk},
        "accounts:export_download": {"export_id": exported(ada).pk},
        "accounts:payment_page": {"payment_id": payment.pk},
        "accounts:key_change": {"key_id": key.pk},
        "accounts:key_revoke": {"key_id": key.pk},
        "studio:batch_page": {"order_id": job.order_id},
        "studio:batch_stop": {"order_id": job.order_id},
        **{route: {"order_id": job.order_id} for route in REQUEST_ROUTES},
        "studio:job_cancel": {"job_id": job.pk},
        "studio:job_again": {"job_id": job.pk},
        "studio:prompt_star": {"prompt_id": prompt.pk},
        "studio:prompt_forget": {"prompt_id": prompt.pk},
        **{f"studio:{each}": {"image_id": image.pk} for each in IMAGE_ROUTES},
        "gallery:image_page": {"image_id": image.pk},
        "gallery:image_download": {"image_id": image.pk},
        "gallery:image_file": {"image_id": image.pk, "variant": "original"},
    }
    if route == "studio:image_restore":
        trash.trash(images=[image], by=ada)
    one = {"image": str(image.pk)}
    fresh = str(ids.new())
    fields = {
        "gallery:image_move": {"image": str(image.pk), "target": str(elsewhere(ada).pk)},
        "accounts:workspace_create": {"name": fresh, "new_id": fresh},
        "accounts:workspace_rename": {"name": fresh},
        "accounts:workspace_credit": {
            "source": str(workspaces.personal(ada).pk),
            "amount_micros": "0.001",
            "new_id": fresh,
        },
        "accounts:member_change": {"role": "viewer"},
        "accounts:invitation_create": {"email": f"{fresh}@example.com", "role": "member"},
        "accounts:key_create": {"name": "mine", "scopes": "generate", "new_id": fresh},
        **{f"gallery:image_{each}": one for each in SELECTION_ROUTES},
        **{f"gallery:collection_{each}": one for each in ("remove", "cover", "move")},
        "gallery:image_collect": {"image": str(image.pk), "name": "new"},
        "gallery:image_note": {"note": "mine"},
        "gallery:collection_create": {"name": "mine"},
        "gallery:collection_change": {"name": "mine"},
        "accounts:key_change": {"name": "mine"},
        "studio:webhook_create": {"url": "https://93.184.215.14/", "new_id": fresh},
        "studio:webhook_rotate": {"ending": signing.ending_of(webhook.seed)},
        "gallery:link_create": {"new_id": str(ids.new()), "image": str(image.pk)},
        "gallery:retention_change": {"days": "365"},
        "gallery:share_open": {"password": "wrong"},
        "gallery:share_report": {"reason": "other"},
        "studio:job_create": {"prompt": PROMPT},
        "studio:job_watch": {"job": f"{job.pk}:running"},
        "studio:prompt_star": {"on": "on"},
        "studio:batch_create": {
            "image": str(image.pk),
            "prompt": PROMPT,
            "model": "step-image-edit-2",
        },
    }
    query = f"?image={image.pk}" if route == "gallery:link_create" else ""
    return reverse(route, kwargs=named.get(route)) + query, fields.get(route, {})


def exported(ada: User) -> Export:
    """That of Ada, as a worker left it."""
    export = Export(user=ada, state=Export.State.READY, size_bytes=len(PROMPT))
    export.expires_at = timezone.now() + timedelta(days=1)
    export.save()
    default_storage.save(export.key, ContentFile(PROMPT.encode()))
    return export


def person_of(workspace: Workspace) -> User:
    """Pia, a member."""
    pia, _ = User.objects.get_or_create(email="pia@example.com", name=PROMPT)
    Membership.objects.update_or_create(
        user=pia, workspace=workspace, defaults={"role": Role.MEMBER}
    )
    return pia


def collected(workspace: Workspace, by: User, image: Image) -> Collection:
    """A collection of two images, this one the last."""
    Collection.objects.all().delete()
    collection = collections.create(workspace=workspace, by=by, name=PROMPT)
    other = Image.objects.create(
        workspace=workspace,
        kind="upload",
        original="other",
        content_type="image/png",
        width=8,
        height=8,
        size_bytes=1,
        sha256="0" * 64,
    )
    collections.add(collection=collection, images=[other, image], by=by)
    return collection


def elsewhere(ada: User) -> Workspace:
    """A team in which all have every right."""
    team = teams.open_team(by=ada, name="Elsewhere")
    others = User.objects.exclude(pk=ada.pk)
    Membership.objects.bulk_create(
        Membership(user=each, workspace=team, role=Role.ADMIN) for each in others
    )
    return team


def invited(by: User, workspace: Workspace) -> Invitation:
    name = str(ids.new())
    return Invitation.objects.create(
        workspace=workspace,
        invited_by=by,
        email=f"{name}@example.com",
        token_hash=name,
        expires_at=timezone.now() + timedelta(days=1),
    )


def belongings(workspace: Workspace) -> list[Any]:
    """All that the workspace has, and that somebody could change."""
    return values_of(
        Job.objects.in_workspace(workspace),
        Image.objects.filter(workspace=workspace),
        ShareLink.objects.filter(workspace=workspace),
        Favourite.objects.filter(image__workspace=workspace),
        Collection.objects.filter(workspace=workspace),
        CollectionImage.objects.filter(collection__workspace=workspace),
        ApiKey.objects.in_workspace(workspace),
        Webhook.objects.in_workspace(workspace),
        Prompt.objects.filter(workspace=workspace),
        Delivery.objects.filter(webhook__workspace=workspace),
        Wallet.objects.filter(workspace=workspace),
        Payment.objects.filter(workspace=workspace),
        Membership.objects.filter(workspace=workspace),
        Invitation.objects.filter(workspace=workspace),
        Workspace.objects.filter(pk=workspace.pk),
    )


def values_of(*rows: QuerySet[Any]) -> list[Any]:
    return [list(each.order_by("pk").values()) for each in rows]
