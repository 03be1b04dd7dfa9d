"""All that is somebody's, in one ZIP: asked for on a page, built by a worker."""

import csv
import io
import json
import tracemalloc
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core import mail
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts import exports, registry, teams, workspaces
from accounts.models import Export, User, Workspace
from gallery import images
from gallery.models import Image
from studio import audit
from tests.privacy.makers import PROMPT, furnish, picture

pytestmark = pytest.mark.django_db
State = Export.State


def built(user: User) -> zipfile.ZipFile:
    export = exports.ask(by=user)
    assert exports.build_next(at=timezone.now())
    export.refresh_from_db()
    assert export.state == State.READY
    data = b"".join(exports.read(export))
    assert len(data) == export.size_bytes
    archive = zipfile.ZipFile(io.BytesIO(data))
    assert archive.testzip() is None
    return archive


def rows(archive: zipfile.ZipFile, ending: str) -> Any:
    (name,) = [each for each in archive.namelist() if each.endswith(ending)]
    return json.loads(archive.read(name))


def test_everything_is_in_it(ada: User, workspace: Workspace) -> None:
    furnish(ada, workspace)
    archive = built(ada)
    recipes = rows(archive, "/recipes.json")
    assert len(recipes) == 3
    folder = next(each for each in archive.namelist() if each.endswith("/recipes.json"))
    for recipe in recipes:
        image = Image.objects.get(pk=recipe["id"])
        kept = archive.read(folder.removesuffix("recipes.json") + recipe["file"])
        assert kept == images.read(image.original)
    assert {each["prompt"] for each in recipes} == {PROMPT, ""}
    assert sum(bool(each["in_trash_since"]) for each in recipes) == 1
    assert [each["text"] for each in rows(archive, "/prompts.json")] == [PROMPT]
    (profile,) = rows(archive, "/profile.json")
    assert (profile["email"], profile["name"]) == (ada.email, "Ada")
    assert {each["state"] for each in rows(archive, "/jobs.json")} == {"succeeded", "failed"}
    for name in ("favourites", "collections", "links", "keys", "webhooks"):
        assert len(rows(archive, f"/{name}.json")) == 1, name
    (ledger,) = [each for each in archive.namelist() if each.endswith("/ledger.csv")]
    lines = list(csv.DictReader(io.StringIO(archive.read(ledger).decode())))
    assert sorted(line["dollars"] for line in lines) == ["-0.003", "-0.003", "0.09", "0.15"]
    everything = b"".join(archive.read(each) for each in archive.namelist() if "json" in each)
    for secret in (ada.password, "secret_hash", "token_hash", "password_hash"):
        assert secret.encode() not in everything


def test_it_has_owned_teams_and_nothing_of_others(
    ada: User, ben: User, workspace: Workspace
) -> None:
    """Ben is in Ada's, and owns a team."""
    furnish(ada, workspace)
    team = teams.open_team(by=ben, name="Bens")
    picture(team, ben)
    archive = built(ben)
    folders = {each.split("/")[1] for each in archive.namelist() if each.startswith("workspaces/")}
    assert len(folders) == 2
    assert any(each.startswith("bens-") for each in folders)
    assert [each["dollars"] for each in csv.DictReader(io.StringIO())] == []
    assert ada.email.encode() not in b"".join(map(archive.read, archive.namelist()))


def test_a_picture_without_bytes_is_missing_and_a_storage_that_fails_is_asked_again(
    ada: User, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost, kept = picture(workspace, ada), picture(workspace, ada)
    default_storage.delete(lost.original)

    def fail(*_: Any) -> None:
        raise OSError("down")

    export = exports.ask(by=ada)
    with monkeypatch.context() as patch:
        patch.setattr(type(default_storage._wrapped), "open", fail)
        with pytest.raises(images.StorageError):
            exports.build_next(at=timezone.now())
    later = timezone.now() + timedelta(minutes=6)
    assert not exports.build_next(at=timezone.now()), "its lease goes on"
    assert exports.build_next(at=later)
    export.refresh_from_db()
    assert (export.state, export.attempt) == (State.READY, 2)
    archive = zipfile.ZipFile(io.BytesIO(b"".join(exports.read(export))))
    missing = {each["id"]: each.get("missing", False) for each in rows(archive, "/recipes.json")}
    assert missing == {str(lost.pk): True, str(kept.pk): False}


def test_what_fails_again_and_again_is_given_up(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(exports, "_files", fail)
    export = exports.ask(by=ada)
    at = timezone.now()
    for _ in range(exports.MOST_ATTEMPTS):
        with pytest.raises(RuntimeError):
            exports.build_next(at=at)
        at += timedelta(minutes=6)
    assert exports.build_next(at=at)
    export.refresh_from_db()
    assert export.state == State.FAILED
    assert not mail.outbox


def test_a_worker_that_slept_finishes_nothing(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its lease is over, and another has built it meanwhile."""
    whole, is_first = exports._write, [True]

    def slow(export: Export, file: Any) -> int:
        if is_first:
            is_first.clear()
            assert exports.build_next(at=timezone.now() + timedelta(minutes=6))
        return whole(export, file)

    monkeypatch.setattr(exports, "_write", slow)
    export = exports.ask(by=ada)
    exports.build_next(at=timezone.now())
    export.refresh_from_db()
    assert (export.state, export.attempt) == (State.READY, 2)
    assert len(mail.outbox) == 1, "told once"


def test_a_worker_that_slept_leaves_the_export_to_who_builds_it_now(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lease is over, and another has begun."""
    whole = exports._write

    def slow(export: Export, file: Any) -> int:
        assert exports._claim(timezone.now() + timedelta(minutes=6))
        return whole(export, file)

    monkeypatch.setattr(exports, "_write", slow)
    export = exports.ask(by=ada)
    exports.build_next(at=timezone.now())
    export.refresh_from_db()
    assert (export.state, export.attempt) == (State.BUILDING, 2)
    assert not mail.outbox


def test_one_is_built_at_a_time(ada: User, ben: User) -> None:
    exports.ask(by=ada)
    with pytest.raises(exports.UnderWay):
        exports.ask(by=ada)
    exports.ask(by=ben)


def test_it_is_gone_after_a_week_and_audit_knows_it_before(ada: User) -> None:
    built(ada)
    assert list(audit.findings()) == []
    key = Export.objects.get().key
    assert default_storage.exists(key)
    exports.sweep(at=timezone.now() + timedelta(days=6))
    assert default_storage.exists(key)
    assert exports.is_any_due(timezone.now() + timedelta(days=8))
    exports.sweep(at=timezone.now() + timedelta(days=8))
    assert not default_storage.exists(key)
    assert not Export.objects.exists()


def test_only_a_few_are_kept(ada: User) -> None:
    for _ in range(exports.MOST_KEPT + 1):
        built(ada)
    exports.sweep(at=timezone.now())
    assert Export.objects.count() == exports.MOST_KEPT


def test_memory_stays_bounded(ada: User, workspace: Workspace, tmp_path: Path) -> None:
    """Sixty pictures of a megabyte each, in a few of them."""
    data = images.read(picture(workspace, ada).original) + bytes(1_000_000)
    for number in range(60):
        default_storage.save(f"big/{number}", io.BytesIO(data))
        image = picture(workspace, ada)
        Image.objects.filter(pk=image.pk).update(original=f"big/{number}")
    tracemalloc.start()
    with (tmp_path / "export.zip").open("wb") as file:
        size_bytes = exports.write(ada, file)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size_bytes > 60_000_000
    assert peak < 12_000_000


# The registry is whole


def test_every_model_of_people_and_workspaces_is_registered() -> None:
    """Whoever adds one says in `registry.belongings` what an export has of it, and how it ends."""
    known = {model for each in registry.belongings for model in each.models}
    owned = {User, Workspace}
    grows = True
    while grows:
        more = {
            model
            for model in apps.get_models()
            for field in model._meta.concrete_fields
            if field.related_model in owned
        } - owned
        owned |= more
        grows = bool(more)
    assert {model._meta.label for model in owned} - known == set()
    for each in registry.belongings:
        for model in each.models:
            apps.get_model(model)


def test_personal_of_nobody_is_nobodys(ada: User, mallory: User) -> None:
    exports.ask(by=mallory)
    assert not Export.objects.visible_to(ada).exists()
    assert workspaces.personal(mallory) not in Workspace.objects.owned_by(ada)
