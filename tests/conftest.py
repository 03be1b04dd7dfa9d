"""The cast: Ada owns, Ben is a member, Vera views, Mallory is outside."""

import shutil
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from pytest_django.plugin import blocking_manager_key

from accounts import terms, workspaces
from accounts.models import Membership, Role, User, Workspace
from config import environment
from studio import serving
from tests import ledger_guard
from tests.studio.makers import Puppet


def pytest_unconfigure() -> None:
    shutil.rmtree(django_settings.DATA_DIR, ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """A file and not memory, so that threads and processes can share it."""
    if connection.vendor == "sqlite":
        file = Path(django_settings.DATA_DIR) / "test.sqlite3"
        connection.settings_dict["TEST"]["NAME"] = str(file)


@pytest.fixture(autouse=True)
def _plain(settings: Any, tmp_path: Path) -> None:
    """Cheap passwords, a storage of its own, and static files that need no collecting."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = {
        "default": environment.file_storage(tmp_path / "media"),
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture(autouse=True)
def _flushable(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test with real transactions is cleaned up by deleting, which the ledger refuses."""
    marker = request.node.get_closest_marker("django_db")
    if not (marker and marker.kwargs.get("transaction")):
        yield
        return
    request.getfixturevalue("_django_db_helper")
    yield
    ledger_guard.take_down()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Generator[None, object, object]:
    """After the cleaning, the ledger is guarded again for whichever test comes next."""
    result = yield
    if nextitem is not None and ledger_guard.is_down():
        with item.config.stash[blocking_manager_key].unblock():
            ledger_guard.raise_up()
    return result


def person(name: str, workspace: Workspace | None = None, role: Role | None = None) -> User:
    user = User.objects.create_user(f"{name.lower()}@example.com", "correct horse", name=name)
    workspaces.personal(user)
    terms.accept(by=user)
    if workspace and role:
        Membership.objects.create(user=user, workspace=workspace, role=role)
    return user


@pytest.fixture
def ada(db: None) -> User:
    return person("Ada")


@pytest.fixture
def workspace(ada: User) -> Workspace:
    return workspaces.personal(ada)


@pytest.fixture
def ben(workspace: Workspace) -> User:
    return person("Ben", workspace, Role.MEMBER)


@pytest.fixture
def vera(workspace: Workspace) -> User:
    return person("Vera", workspace, Role.VIEWER)


@pytest.fixture
def mallory(db: None) -> User:
    return person("Mallory")


@pytest.fixture
def as_ada(client: Client, ada: User) -> Client:
    """A moment after signing in: what is noted of a browser now and then is noted."""
    client.force_login(ada)
    session = client.session
    session["seen"] = int(time.time())
    session.save()
    return client


@pytest.fixture
def puppet(monkeypatch: pytest.MonkeyPatch) -> Puppet:
    engine = Puppet()
    monkeypatch.setattr(serving, "engine", lambda *_: engine)
    return engine
