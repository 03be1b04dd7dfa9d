"""Images go from one workspace to another, or copies of them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts import ids, teams, workspaces
from accounts.models import Membership, Role, User, Workspace
from accounts.workspaces import NotAllowed
from gallery import images, moves, pictures, stock
from gallery.models import Collection, CollectionImage, Favourite, Image, PendingObject, ShareLink
from studio import audit, jobs
from studio.models import Job
from tests.conftest import person
from tests.gallery.makers import png
from tests.studio.makers import Puppet, submit

pytestmark = pytest.mark.django_db
ROLES = [*Role, None]


def keep(by: User, workspace: Workspace, **recipe: Any) -> Image:
    """A picture with previews, of bytes like no other's."""
    data = png(40, len(Image.objects.all()) + 20)
    image = images.store(
        workspace_id=workspace.pk,
        by_id=by.pk,
        key=images.stage(data, suffix="png"),
        picture=pictures.verify(data),
        **{"kind": Image.Kind.GENERATED, "prompt": "a lake", "price_micros": 3_000} | recipe,
    )
    images.make_previews(image)
    image.refresh_from_db()
    return image


@pytest.fixture
def team(ada: User) -> Workspace:
    return teams.open_team(by=ada, name="Lake house")


@pytest.fixture
def own(ada: User) -> Workspace:
    return workspaces.personal(ada)


def test_an_image_moves_with_its_address_maker_and_objects(
    as_ada: Client, ada: User, own: Workspace, team: Workspace
) -> None:
    image = keep(ada, own)
    objects = set(images.stored())
    assert moves.move(some=[image], target=team, by=ada) == 1
    image.refresh_from_db()
    assert (image.workspace, image.created_by, image.price_micros) == (team, ada, 3_000)
    assert set(images.stored()) == objects
    assert as_ada.get(reverse("gallery:image_page", args=[image.pk])).status_code == 200
    assert (stock.of(own), stock.of(team)) == (0, image.size_bytes)
    assert moves.move(some=[image], target=team, by=ada) == 0
    assert list(audit.findings()) == []


def test_what_tied_it_to_the_old_workspace_stays_behind(
    ada: User, own: Workspace, team: Workspace
) -> None:
    parent = keep(ada, own)
    image = keep(ada, own, parent=parent)
    along, child = keep(ada, own, parent=image), keep(ada, own, parent=image)
    collection = Collection.objects.create(workspace=own, name="Best", cover=image)
    for position, each in enumerate((image, child)):
        CollectionImage.objects.create(collection=collection, image=each, position=position)
    for token, each in (("1", image), ("2", child)):
        ShareLink.objects.create(workspace=own, image=each, token_hash=token)
    ben = person("Ben", own, Role.MEMBER)
    for user in (ada, ben):
        Favourite.objects.create(user=user, image=image, image_created_at=image.created_at)
    moves.move(some=[image, along], target=team, by=ada)
    assert [each.user for each in Favourite.objects.all()] == [ada], "Ben is not in the team"
    parents = dict(Image.objects.values_list("pk", "parent"))
    assert parents == {parent.pk: None, image.pk: None, along.pk: image.pk, child.pk: None}
    collection.refresh_from_db()
    assert collection.cover is None
    assert list(collection.images.all()) == [child]
    assert [link.image for link in ShareLink.objects.all()] == [child]


def test_every_relation_to_an_image_is_known_to_moving() -> None:
    """A new one would lead from one workspace to an image of another: see `_leave_behind`."""
    known = {"Image.parent", "Collection.cover", "Collection.images", "CollectionImage.image"}
    known |= {"Favourite.image", "ShareLink.image", "Job.image", "Job.source"}
    known |= {"ArchivedJob.image", "ArchivedJob.source"}
    known |= {"Report.image"}  # the operator's, wherever the image goes
    relations = Image._meta.get_fields(include_hidden=True)
    found = {
        f"{each.related_model._meta.object_name}.{each.field.name}"
        for each in relations
        if each.auto_created and not each.concrete
    }
    assert found == known


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("is_own", [True, False])
def test_who_may_move_and_copy(team: Workspace, ada: User, role: Role | None, is_own: bool) -> None:
    """Out of the team, to a workspace of their own: makers, and who manages the team."""
    by = person("Rex", team if role else None, role)
    image = keep(by if is_own else ada, team)
    target = workspaces.personal(by)
    verdicts = {}
    for name, verb in (("copy", moves.copy), ("move", moves.move)):
        try:
            verdicts[name] = bool(verb(some=[image], target=target, by=by))
        except NotAllowed:
            verdicts[name] = False
    makes = role in {Role.OWNER, Role.ADMIN, Role.MEMBER}
    assert verdicts == {
        "copy": makes,
        "move": role in {Role.OWNER, Role.ADMIN} or (makes and is_own),
    }


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("is_own", [True, False])
def test_who_may_bring_in(own: Workspace, ada: User, role: Role | None, is_own: bool) -> None:
    """An admin of where it is, who is this where it goes."""
    by = person("Rex", own, Role.ADMIN)
    team = teams.open_team(by=ada, name="Other")
    if role:
        Membership.objects.create(user=by, workspace=team, role=role)
    image = keep(by if is_own else ada, own)
    try:
        has_moved = bool(moves.move(some=[image], target=team, by=by))
    except NotAllowed:
        has_moved = False
    assert has_moved == (role in {Role.OWNER, Role.ADMIN} or (role == Role.MEMBER and is_own))


def test_all_or_none(ada: User, team: Workspace) -> None:
    ben = person("Ben", team, Role.MEMBER)
    some = [keep(ben, team), keep(ada, team)]
    with pytest.raises(NotAllowed):
        moves.move(some=some, target=workspaces.personal(ben), by=ben)
    assert Image.objects.in_workspace(team).count() == 2


@pytest.mark.parametrize("verb", [moves.move, moves.copy])
def test_the_target_has_room_or_takes_nothing(
    ada: User, own: Workspace, team: Workspace, verb: Callable[..., int]
) -> None:
    image = keep(ada, own)
    team.plan.storage_bytes = image.size_bytes - 1
    team.plan.save()
    with pytest.raises(moves.Full):
        verb(some=[image], target=Workspace.objects.get(pk=team.pk), by=ada)
    assert (stock.of(own), stock.of(team)) == (image.size_bytes, 0)
    assert not PendingObject.objects.exists(), "nothing is left of it"
    assert list(audit.findings()) == []
    team.plan.storage_bytes += 1
    team.plan.save()
    assert verb(some=[image], target=Workspace.objects.get(pk=team.pk), by=ada) == 1


def test_a_copy_is_an_image_of_its_own(ada: User, own: Workspace, team: Workspace) -> None:
    image = keep(ada, own, parent=keep(ada, own), seed=7, model="step-image-edit-2")
    assert moves.copy(some=[image], target=team, by=ada) == 1
    copied = Image.objects.get(workspace=team)
    assert not set(copied.keys) & set(image.keys)
    assert images.read(copied.original) == images.read(image.original)
    assert (copied.prompt, copied.seed, copied.model) == ("a lake", 7, "step-image-edit-2")
    assert (copied.parent, copied.price_micros) == (None, 0)
    assert stock.of(team) == image.size_bytes
    assert moves.copy(some=[image], target=team, by=ada) == 0, "it is there already"
    Image.objects.filter(pk=image.pk).delete()
    assert images.read(copied.original)


def test_the_jobs_that_made_it_know_that_it_is_gone(
    as_ada: Client, ada: User, own: Workspace, team: Workspace, puppet: Puppet
) -> None:
    submit(ada, own)
    jobs.run_next()
    image = Image.objects.get()
    moves.move(some=[image], target=team, by=ada)
    job = Job.objects.get()
    assert (job.state, job.image, job.is_image_purged) == ("succeeded", None, True)
    page = as_ada.get("/").content.decode()
    assert "not here any more" in page
    assert str(image.pk) not in page
    assert list(audit.findings()) == []


def test_what_is_being_edited_stays_until_that_is_done(
    ada: User, own: Workspace, team: Workspace, puppet: Puppet
) -> None:
    image = keep(ada, own)
    (job,) = submit(ada, own, image, prompt="brighter")
    with pytest.raises(moves.InUse):
        moves.move(some=[image], target=team, by=ada)
    jobs.run_next()
    moves.move(some=[image], target=team, by=ada)
    job.refresh_from_db()
    assert job.source is None
    assert job.image
    assert job.image.parent is None


def test_an_image_that_moved_while_it_was_chosen_is_not_edited(
    ada: User, own: Workspace, team: Workspace
) -> None:
    image = keep(ada, own)
    moves.move(some=[image], target=team, by=ada)
    with pytest.raises(jobs.SourceGone):
        submit(ada, own, image, prompt="brighter")


def test_the_page_moves_one_or_many(
    as_ada: Client, ada: User, own: Workspace, team: Workspace
) -> None:
    some = [keep(ada, own) for _ in range(3)]
    address = reverse("gallery:image_move")
    page = as_ada.get(address, {"image": [each.pk for each in some]}).content.decode()
    assert "Move or copy 3 pictures" in page
    assert "Lake house" in page
    fields = {"image": [str(each.pk) for each in some], "target": str(team.pk)}
    response = as_ada.post(address, fields | {"copy": ""}, follow=True)
    assert "3 pictures are copied to “Lake house”" in response.content.decode()
    response = as_ada.post(address, fields | {"move": ""}, follow=True)
    assert "3 pictures are moved" in response.content.decode()
    assert Image.objects.in_workspace(team).count() == 6
    assert as_ada.post(address, fields | {"target": str(ids.new())}).status_code == 422
    for wrong in ("", "x", str(ids.new())):
        assert as_ada.get(address, {"image": wrong}).status_code == 404


def test_what_was_selected_is_posted_and_moves_nothing_yet(
    as_ada: Client, ada: User, own: Workspace, team: Workspace
) -> None:
    """By POST, so that no form's token stands in an address."""
    image = keep(ada, own)
    page = as_ada.post(reverse("gallery:image_move"), {"image": [str(image.pk)], "next": "/"})
    assert page.status_code == 200
    assert "Lake house" in page.content.decode()
    image.refresh_from_db()
    assert image.workspace == own
