"""Moves and copies images from one workspace to another.

An image that moves keeps its address, its maker and its objects. What tied it to the workspace that
it leaves stays behind: places in collections, share links, family that does not come along, and
the jobs that know it. So no row of one workspace leads to an image of another.

A copy is an image of its own with objects of its own: each object has one owner, whose plan it
counts against and who may have it removed. What the target has already is not copied again.

    NotAllowed     the person may not do this
    MoveError      a sentence for the user
    ├── Full       the target's plan has no room for them
    └── InUse      a picture is being edited just now
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts import registry
from accounts.models import Membership, User, Workspace
from accounts.models.workspaces import MAKERS, MANAGERS
from accounts.workspaces import NotAllowed
from gallery import images, stock
from gallery.models import Collection, CollectionImage, Favourite, Image, ShareLink

MOST_MOVED = 200
MOST_COPIED = 40
_OF_ITS_OWN = {
    *("id", "workspace", "created_by", "parent", "price_micros", "created_at", "deleted_at"),
    *("original", "preview_small", "preview_large"),
}


class MoveError(Exception):
    pass


class Full(MoveError):
    pass


class InUse(MoveError):
    pass


class _Twice(Exception):
    pass


def targets_for(user: User, some: Sequence[Image]) -> list[Workspace]:
    """Where the person may move or copy these to,."""
    from_there = {image.workspace_id for image in some}
    theirs = Membership.objects.who_may_make().filter(user=user).exclude(workspace__in=from_there)
    found = theirs.select_related("workspace").order_by("workspace__name", "pk")
    return [each.workspace for each in found]


def may_move(*, some: Iterable[Image], by: User) -> bool:
    """Whether the person may take all of them away from where they are."""
    roles = _roles(by)
    return all(_decides(image, by, roles.get(image.workspace_id)) for image in some)


def check_may_take(*, some: Iterable[Image], by: User) -> None:
    """A copy at least. Raises NotAllowed."""
    roles = _roles(by)
    if not all(roles.get(image.workspace_id) in MAKERS for image in some):
        raise NotAllowed


def move(*, some: Sequence[Image], target: Workspace, by: User) -> int:
    """All or none; says how many. Those that are there already stay.

    Their makers may, and who manages both workspaces. Raises NotAllowed, Full and InUse.
    """
    moving = [image for image in some if image.workspace_id != target.pk][:MOST_MOVED]
    with transaction.atomic(durable=True):
        room_bytes = _lock(moving, target)
        rows = _again(moving)
        _check_may_move(rows, target, by)
        if sum(image.size_bytes for image in rows) > room_bytes:
            raise Full(f"“{target}” has no room for them.")
        _leave_behind({image.pk for image in rows}, target)
        Image.objects.filter(pk__in=[image.pk for image in rows]).update(workspace=target)
    return len(rows)


def copy(*, some: Sequence[Image], target: Workspace, by: User) -> int:
    """Copies those that the target has not yet; says how many.

    Who may make pictures in both workspaces may. The copies are theirs, and cost nothing. Raises
    NotAllowed, Full, images.StorageError and FileNotFoundError.
    """
    _check_may_copy(some, target, by)
    copied = 0
    for image in some[:MOST_COPIED]:
        copied += not _has(target, image) and _copy(image, target, by)
    return copied


def _lock(some: Sequence[Image], target: Workspace) -> int:
    """Makes others that store or order there wait. Says how many bytes the target has left."""
    ids = {image.workspace_id for image in some} | {target.pk}
    sizes = {
        each.pk: stock.lock(each) for each in Workspace.objects.filter(pk__in=ids).order_by("pk")
    }
    return target.plan.storage_bytes - sizes[target.pk]


def _again(some: Sequence[Image]) -> list[Image]:
    """As they are now, where they still are where they were seen."""
    ids_in = defaultdict(list)
    for image in some:
        ids_in[image.workspace_id].append(image.pk)
    return [
        image
        for workspace_id, ids in ids_in.items()
        for image in Image.objects.select_for_update()
        .filter(pk__in=ids, workspace=workspace_id, deleted_at=None)
        .order_by("pk")
    ]


def _check_may_move(some: Sequence[Image], target: Workspace, by: User) -> None:
    roles = _roles(by)
    for image in some:
        for workspace_id in (image.workspace_id, target.pk):
            if not _decides(image, by, roles.get(workspace_id)):
                raise NotAllowed


def _decides(image: Image, by: User, role: str | None) -> bool:
    """About the image, in a workspace where the person is this."""
    return role in MANAGERS or (role in MAKERS and image.created_by_id == by.pk)


def _check_may_copy(some: Sequence[Image], target: Workspace, by: User) -> None:
    roles = _roles(by)
    there = {image.workspace_id for image in some} | {target.pk}
    if not all(roles.get(each) in MAKERS for each in there):
        raise NotAllowed


def _roles(user: User) -> dict[UUID, str]:
    """By the ids of the workspaces that the person works in."""
    return dict(Membership.objects.filter(user=user).values_list("workspace", "role"))


def _leave_behind(ids: set[UUID], target: Workspace) -> None:
    for release in registry.image_releases:
        if set(release(ids)) != ids:
            raise InUse("One of them is being edited just now. Try again when that is done.")
    CollectionImage.objects.filter(image__in=ids).delete()
    Collection.objects.filter(cover__in=ids).update(cover=None)
    ShareLink.objects.filter(image__in=ids).delete()
    who_come_along = User.objects.filter(memberships__workspace=target)
    Favourite.objects.filter(image__in=ids).exclude(user__in=who_come_along).delete()
    Image.objects.filter(pk__in=ids).exclude(parent__in=ids).update(parent=None)
    Image.objects.filter(parent__in=ids).exclude(pk__in=ids).update(parent=None)


def _has(target: Workspace, image: Image) -> bool:
    same = Image.objects.in_workspace(target).filter(sha256=image.sha256, kind=image.kind)
    return same.filter(prompt=image.prompt, seed=image.seed).exists()


def _copy(image: Image, target: Workspace, by: User) -> bool:
    staged: dict[str, str] = {}
    try:
        for key in image.keys:
            suffix = key.rpartition(".")[2]
            staged[key] = images.stage(images.read(key), suffix=suffix)
        with transaction.atomic(durable=True):
            if stock.lock(target) + image.size_bytes > target.plan.storage_bytes:
                raise Full(f"“{target}” has no room for more.")
            _check_may_copy([image], target, by)
            if _has(target, image):  # another was faster
                raise _Twice
            images.own(*staged.values())
            Image.objects.create(
                workspace=target,
                created_by=by,
                original=staged[image.original],
                preview_small=staged.get(image.preview_small, ""),
                preview_large=staged.get(image.preview_large, ""),
                **_recipe(image),
            )
    except BaseException as error:
        images.discard(staged.values())
        if isinstance(error, _Twice):
            return False
        raise
    return True


def _recipe(image: Image) -> dict[str, Any]:
    columns = (field.name for field in Image._meta.concrete_fields)
    return {name: getattr(image, name) for name in columns if name not in _OF_ITS_OWN}
