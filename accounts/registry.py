"""Where upper rooms say what lower ones show for them. Filled in their `ready()`."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
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
# What a workspace holds that keeps it from being closed, a sentence for each
workspace_holdings: list[Callable[[Any], list[str]]] = []
