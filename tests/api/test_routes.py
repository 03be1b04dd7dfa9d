"""Every route of the API, and what it does for whom. The pages': tests/config/test_access.py.

    sees     200, with what is the workspace's own     acts     done, in the workspace
    open     200, with nothing of it                   own      done, in the caller's own
    401 ...  refused: nothing done, and nothing told

Each caller but the first two has a key; all keys but the outsider's and that of a superuser,
`staff`, are of Ada's workspace.
`session` is Ada in her browser. `demoted` made the key as a member, and is a viewer now;
`removed` lost their membership and `suspended` their account. `reads` and `makes` are keys of
Ada's with one scope; `revoked` and `expired` were hers, too.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone

from accounts import ids
from accounts.models import Membership, Role, User, Wallet, Workspace
from gallery import collections, images, pictures
from gallery.models import Collection, CollectionImage, Image
from studio.models import Job
from tests.api.conftest import Program, program
from tests.config.scene import values_of
from tests.conftest import person
from tests.gallery.makers import png
from tests.studio.makers import submit

pytestmark = pytest.mark.django_db
CALLERS = [
    *("anonymous", "session", "outsider", "staff", "viewer", "demoted", "member"),
    *("admin", "owner", "removed", "suspended", "reads", "makes", "revoked", "expired"),
]
#                  anon sess outs staf view demo memb admi owne remo susp read make revo expi
TABLE = """
POST generations   401  401  own  own  403  403  acts acts acts 401  401  403  acts 401  401
POST edits         401  401  own  own  403  403  acts acts acts 401  401  403  acts 401  401
POST job_cancel    401  401  404  404  403  403  acts acts acts 401  401  403  acts 401  401
GET  job           401  401  404  404  sees sees sees sees sees 401  401  sees sees 401  401
GET  image_list    401  401  open open sees sees sees sees sees 401  401  sees 403  401  401
GET  image         401  401  404  404  sees sees sees sees sees 401  401  sees 403  401  401
GET  image_content 401  401  404  404  sees sees sees sees sees 401  401  sees 403  401  401
GET  collection_list  401  401  open open sees sees sees sees sees 401  401  sees 403  401  401
POST collection_list  401  401  own  own  403  403  acts acts acts 401  401  403  acts 401  401
GET  collection       401  401  404  404  sees sees sees sees sees 401  401  sees 403  401  401
POST collection       401  401  404  404  403  403  acts acts acts 401  401  403  acts 401  401
DELETE collection       401  401  404  404  403  403  acts acts acts 401  401  403  acts 401  401
GET  collection_images 401  401  404  404  sees sees sees sees sees 401  401  sees 403  401  401
POST collection_images 401  401  404  404  403  403  acts acts acts 401  401  403  acts 401  401
POST collection_move   401  401  404  404  403  403  acts acts acts 401  401  403  acts 401  401
POST collection_remove 401  401  404  404  403  403  acts acts acts 401  401  403  acts 401  401
DELETE collection_image 401  401  404  404  403  403  acts acts acts 401  401  403  acts 401  401
GET  usage         401  401  open open sees sees sees sees sees 401  401  sees 403  401  401
GET  model_list    401  401  open open open open open open open 401  401  open open 401  401
GET  model         401  401  open open open open open open open 401  401  open open 401  401
GET  schema        open open open open open open open open open open open open open open open
GET  reference     open open open open open open open open open open open open open open open
"""
ROWS = [line.split() for line in TABLE.strip().splitlines()]
PROMPT = "a very secret lake"
BYTES = png(64, 48)
SPENT = 123_000
Callers = dict[str, Callable[..., HttpResponse]]


@pytest.fixture
def callers(ada: User, ben: User, vera: User, mallory: User, workspace: Workspace) -> Callers:
    """Each takes a verb, an address and fields."""
    team = {
        "viewer": vera,
        "demoted": person("Dora", workspace, Role.MEMBER),
        "member": ben,
        "admin": person("Anna", workspace, Role.ADMIN),
        "owner": ada,
        "removed": person("Rex", workspace, Role.ADMIN),
        "suspended": person("Sue", workspace, Role.ADMIN),
        **dict.fromkeys(("reads", "makes", "revoked", "expired"), ada),
    }
    changed: dict[str, dict[str, Any]] = {
        "reads": {"scopes": ["read"]},
        "makes": {"scopes": ["generate"]},
        "revoked": {"revoked_at": timezone.now()},
        "expired": {"expires_at": timezone.now() - timedelta(seconds=1)},
    }
    found = {who: program(user, workspace, **changed.get(who, {})) for who, user in team.items()}
    found["outsider"] = program(mallory)
    found["staff"] = program(superuser())
    ours = Membership.objects.filter(workspace=workspace)
    ours.filter(user=team["demoted"]).update(role=Role.VIEWER)
    ours.filter(user=team["removed"]).delete()
    User.objects.filter(pk=team["suspended"].pk).update(is_active=False)
    browser = Client()
    browser.force_login(ada)
    return {
        "anonymous": lambda *asked: without_key(Client(), *asked),
        "session": lambda *asked: without_key(browser, *asked),
        **{who: with_key(caller) for who, caller in found.items()},
    }


def superuser() -> User:
    """Who runs the installation, and has no more to do with Ada than anybody else."""
    user = person("Stella")
    User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
    return user


def without_key(client: Client, verb: str, address: str, fields: dict[str, Any]) -> HttpResponse:
    return getattr(client, verb)(address, fields)


def with_key(caller: Program) -> Callable[..., HttpResponse]:
    def call(verb: str, address: str, fields: dict[str, Any]) -> HttpResponse:
        headers = {"Authorization": f"Bearer {caller.secret}", "Prefer": "respond-async"}
        if verb == "get" and fields.keys() - {"image"}:
            fields = {}
        if verb == "post" and "image" not in fields:
            return caller.client.post(address, fields, "application/json", headers=headers)
        return getattr(caller.client, verb)(address, fields, headers=headers)

    return call


@pytest.fixture
def scene(ada: User, workspace: Workspace) -> dict[str, UUID | str]:
    """A job of Ada's that waits, a picture, and a collection with another one."""
    (job,) = submit(ada, workspace, prompt=PROMPT)
    image, placed = (
        images.store(
            workspace_id=workspace.pk,
            by_id=ada.pk,
            key=images.stage(BYTES, suffix="png"),
            picture=pictures.verify(BYTES),
            kind=Image.Kind.GENERATED,
            prompt=PROMPT,
        )
        for _ in range(2)
    )
    Job.objects.bulk_create([done(job)])
    return {
        "job_id": job.pk,
        "image_id": image.pk,
        "name": job.model,
        "collection_id": ids.new(),
        "placed_id": placed.pk,
    }


def collect(scene: dict[str, Any], ada: User, workspace: Workspace) -> None:
    """As it was before the last caller."""
    Collection.objects.all().delete()
    collection = Collection.objects.create(
        pk=scene["collection_id"], workspace=workspace, name=PROMPT
    )
    collections.add(collection=collection, images=[Image(pk=scene["placed_id"])], by=ada)
    CollectionImage.objects.update(position=7)  # where nothing is put


def done(job: Job) -> Job:
    """One more that was paid, for an amount that is known again."""
    return Job(
        workspace=job.workspace,
        created_by=job.created_by,
        operation="generate",
        model=job.model,
        prompt="x",
        steps=1,
        cfg_scale=1.0,
        price_micros=SPENT,
        state="succeeded",
        finished_at=timezone.now(),
    )


def belongings(workspace: Workspace) -> list[Any]:
    """All that the workspace has, and that a program could change."""
    return values_of(
        Job.objects.in_workspace(workspace),
        Image.objects.filter(workspace=workspace),
        Collection.objects.filter(workspace=workspace),
        CollectionImage.objects.filter(collection__workspace=workspace),
        Wallet.objects.filter(workspace=workspace),
    )


def verdict(response: HttpResponse) -> str:
    assert response["x-request-id"].startswith("req_")
    if response.status_code not in {200, 202}:
        assert set(response.json()) == {"error"}  # type: ignore[attr-defined]
        return str(response.status_code)
    body = b"".join(response)  # type: ignore[call-overload]
    told = (PROMPT.encode(), BYTES, str(SPENT).encode())
    return "sees" if any(each in body for each in told) else "open"


def test_every_route_is_in_the_table() -> None:
    api = get_resolver("studio.api.urls")
    assert {pattern.name for pattern in api.url_patterns} == {route for _, route, *_ in ROWS}
    assert {len(row) for row in ROWS} == {2 + len(CALLERS)}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}-{row[1]}")
def test_a_route(
    callers: Callers,
    scene: dict[str, UUID | str],
    workspace: Workspace,
    ada: User,
    row: list[str],
) -> None:
    verb, route, *expected = row
    outside = Workspace.objects.filter(personal_of__name__in=("Mallory", "Stella"))
    found = {}
    for who in CALLERS:
        Job.objects.filter(pk=scene["job_id"]).update(state="queued", finished_at=None)
        collect(scene, ada, workspace)
        before, outside_before = belongings(workspace), [belongings(each) for each in outside]
        response = callers[who](verb.lower(), address(route, scene), fields(route, scene))
        found[who] = verdict(response)
        if belongings(workspace) != before:
            found[who] = "acts"
        elif [belongings(each) for each in outside] != outside_before:
            found[who] = "own"
    assert found == dict(zip(CALLERS, expected, strict=True))


def address(route: str, scene: dict[str, UUID | str]) -> str:
    needs = {
        "image": ["image_id"],
        "image_content": ["image_id"],
        "job": ["job_id"],
        "job_cancel": ["job_id"],
        "model": ["name"],
        "collection": ["collection_id"],
        "collection_images": ["collection_id"],
        "collection_move": ["collection_id"],
        "collection_remove": ["collection_id"],
        "collection_image": ["collection_id", "placed_id"],
    }
    return reverse(f"api:{route}", args=[scene[each] for each in needs.get(route, [])])


def fields(route: str, scene: dict[str, UUID | str]) -> dict[str, Any]:
    return {
        "collection_list": {"name": "mine"},
        "collection": {"name": "mine"},
        "collection_images": {"images": [str(scene["image_id"])]},
        "collection_move": {"images": [str(scene["placed_id"])]},
        "collection_remove": {"images": [str(scene["placed_id"])]},
        "generations": {"prompt": PROMPT},
        "edits": {"prompt": PROMPT, "image": SimpleUploadedFile("a.png", BYTES)},
    }.get(route, {})


@pytest.mark.parametrize("route", sorted({route for _, route, *_ in ROWS}))
def test_no_other_verb_does_anything(
    callers: Callers, scene: dict[str, UUID | str], ada: User, workspace: Workspace, route: str
) -> None:
    verbs = [verb for verb, each, *_ in ROWS if each == route]
    collect(scene, ada, workspace)
    before = belongings(workspace)
    for other in {"get", "post", "put", "patch", "delete"} - {each.lower() for each in verbs}:
        response = callers["owner"](other, address(route, scene), {})
        assert response.status_code == 405, other
        assert verdict(response) == "405"
        assert set(response["Allow"].split(", ")) - {"HEAD"} == set(verbs)
    assert belongings(workspace) == before
