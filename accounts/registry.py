"""Where upper rooms say what lower ones show for them. Filled in their `ready()`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Action:
    """A link that the page of a thing offers."""

    label: str
    url: str


@dataclass(frozen=True, kw_only=True)
class AccountPage:
    """A page of the account area; `view` is the name of its URL."""

    label: str
    view: str


image_actions: list[Callable[[Any], Action]] = []
account_pages: list[AccountPage] = []
