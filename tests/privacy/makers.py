"""One of everything that somebody can have."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.utils import timezone

from accounts import ids, invitations, keys, ledger, workspaces
from accounts.models import Role, User, Workspace
from gallery import collections, favourites, images, pictures
from gallery.models import Image
from gallery.sharing import links
from gallery.sharing.links import Terms
from studio import prompts
from studio.models import Delivery, Job, RepeatKey, State, Webhook
from tests.gallery.makers import png
from tests.studio.makers import submit

PROMPT = "a very secret lake"


def picture(workspace: Workspace, by: User, **recipe: object) -> Image:
    data = png(64, 48)
    fields = {"kind": Image.Kind.GENERATED, "prompt": PROMPT, "model": "step-image-edit-2"} | recipe
    return images.store(
        workspace_id=workspace.pk,
        by_id=by.pk,
        key=images.stage(data, suffix="png"),
        picture=pictures.verify(data),
        **fields,
    )


def furnish(user: User, workspace: Workspace) -> None:
    """Pictures made, brought and in the trash, jobs of every end, and all that hangs from them."""
    ledger.grant(to=workspace, amount_micros=90_000, reference=f"grant:{workspace.pk}")
    address, _ = EmailAddress.objects.get_or_create(user=user, email=user.email, primary=True)
    address.set_verified()
    if not Authenticator.objects.filter(user=user).exists():
        Authenticator.objects.create(user=user, type="recovery_codes", data={"seed": "s"})
    made, brought = picture(workspace, user), picture(workspace, user, kind="upload", prompt="")
    trashed = picture(workspace, user)
    images.make_previews(made)
    images.trash(images=[trashed], by=user)
    done, failed = submit(user, workspace, prompt=PROMPT, count=2)
    now = timezone.now()
    Job.objects.filter(pk=done.pk).update(
        state=State.SUCCEEDED, finished_at=now, image=made, source=brought
    )
    ledger.post(reference=done.hold)
    Job.objects.filter(pk=failed.pk).update(state=State.FAILED, finished_at=now)
    ledger.void(reference=failed.hold)
    favourites.add(images=[made], by=user)
    collection = collections.create(workspace=workspace, by=user, name=PROMPT)
    collections.add(collection=collection, images=[made], by=user)
    links.make(of=made, by=user, terms=Terms(expires_at=None), link_id=ids.new())
    prompts.remember(by=user, workspace=workspace, text=PROMPT)
    keys.issue(workspace=workspace, by=user, name="a program")
    webhook = Webhook.objects.create(workspace=workspace, created_by=user, url="https://h.example/")
    Delivery.objects.create(webhook=webhook, job=done, event_id="e", type="job.x", body="{}")
    RepeatKey.objects.create(workspace=workspace, key="again", fingerprint="f")
    if workspace.is_team and workspaces.may_manage(user, workspace):
        invitations.invite(workspace=workspace, by=user, email="x@example.com", role=Role.MEMBER)
