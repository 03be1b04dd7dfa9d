"""Where upper rooms say what lower ones show for them. Filled in their `ready()`."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class Action:
    """A link that the page of a thing offers."""

    label: str
    url: str


@dataclass(frozen=True, kw_only=True)
class AccountPage:
    """A page of the account area; `view` is the name of its URL, `below` those of its subpages."""

    label: str
    view: str
    below: Collection[str] = ()


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A part of a page: a fragment and what it shows, as `panel.context`."""

    template: str
    context: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class SelectionAction:
    """A button under selected images: it posts `image`, the id of each, to `view`.

    `is_for` says whether the person of a request is offered it.
    """

    label: str
    view: str
    is_for: Callable[[Any], bool] = lambda _: True


@dataclass(frozen=True, kw_only=True)
class ExportFile:
    """A file of an export. Its pieces are read once, when it is its turn."""

    name: str
    pieces: Iterable[bytes] = field(repr=False)
    at: datetime | None = None
    is_packed: bool = False


@dataclass(frozen=True, kw_only=True)
class Belonging:
    """Rows that belong to people or workspaces: what an export has of them, and how they end.

    The files are those of a person, or of a workspace, given that. `erase` removes some of a
    workspace's rows and says whether none is left. `forget` takes the person out of what stays
    with others. Without either, the rows go with what they hang from; `kept` says why some stay.
    A test fails for a model of people or workspaces that is in none of these.
    """

    models: Collection[str]
    of_person: Callable[[Any], Iterable[ExportFile]] | None = None
    of_workspace: Callable[[Any], Iterable[ExportFile]] | None = None
    erase: Callable[[Any], bool] | None = None
    forget: Callable[[Any], None] | None = None
    kept: str = ""


# What the page of an image offers, given the image; None where it does not apply
image_actions: list[Callable[[Any], Action | None]] = []
# Before images are removed for good, or leave their workspace, in the same transaction, given their
# ids: says which of them nobody needs any more, and forgets those
image_releases: list[Callable[[Collection[UUID]], Collection[UUID]]] = []
# What the gallery offers for images that were selected there
selection_actions: list[SelectionAction] = []
account_pages: list[AccountPage] = []
# What the page that shows a new key says below it, given the request and the key
key_panels: list[Callable[[Any, Any], Panel]] = []
# What keys had delivered this month (UTC), and what may still be: micro-dollars by their ids
key_spending: list[Callable[[Collection[Any]], Mapping[UUID, int]]] = []
# What the members of a workspace had delivered this month (UTC), and what may still be:
# micro-dollars by the ids of the people
member_spending: list[Callable[[Any], Mapping[int, int]]] = []
# What goes on for a member of a workspace who is removed, given both: a sentence for each
member_leavings: list[Callable[[Any, Any], list[str]]] = []
# What the page of a workspace shows below its people, given the workspace and as what the person is
# in it; None where there is nothing
workspace_panels: list[Callable[[Any, Any], Panel | None]] = []
# What the admin's page of a workspace shows above its form, given the request and the workspace
admin_workspace_panels: list[Callable[[Any, Any], Panel]] = []
# What a workspace holds that keeps it from being closed, a sentence for each
workspace_holdings: list[Callable[[Any], list[str]]] = []

# What the page about privacy says further, given the request; None where it does not apply
privacy_panels: list[Callable[[Any], Panel | None]] = []
# What people and workspaces have, in the order of an export; it is erased in the opposite one
belongings: list[Belonging] = []
# Ends what goes on in a workspace before it is erased, or for a person anywhere: given either
stops: list[Callable[[Any], None]] = []
# Whether something still goes on for a person, given them; their row stays until nothing does
goings_on: list[Callable[[Any], bool]] = []
