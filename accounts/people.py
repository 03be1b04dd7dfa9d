"""Finds and makes people for the commands that name them by e-mail."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from accounts import sessions, workspaces
from accounts.models import User, Workspace


def with_workspace(email: str) -> tuple[User, Workspace]:
    """The person of this address and their own workspace, both made if unknown.

    A person made here has no password and signs in after "Forgot your password?". Raises
    ValueError if the address is none.
    """
    try:
        validate_email(email)
    except ValidationError as error:
        raise ValueError(f"{email!r} is not an e-mail address") from error
    with transaction.atomic():
        user = find(email)
        user = user or User.objects.create_user(email)
        return user, workspaces.personal(user)


def suspend(*, user: User) -> None:
    """Every page and every key is shut from the next request on. May be repeated."""
    User.objects.filter(pk=user.pk).update(is_active=False)
    sign_out(user=user)


def let_in(*, user: User) -> None:
    """They sign in anew."""
    User.objects.filter(pk=user.pk).update(is_active=True)


def sign_out(*, user: User) -> None:
    """All sessions that there are end with their next request. May be repeated."""
    user.signed_out_at = timezone.now()
    User.objects.filter(pk=user.pk).update(signed_out_at=user.signed_out_at)
    sessions.end_all(user)


def find(email: str) -> User | None:
    return User.objects.filter(email__lower=email.lower()).first()


def addressed(email: str) -> list[int]:
    """The ids of those whose address this is, for a query that would else join all people."""
    return list(User.objects.filter(email__lower=email.lower()).values_list("pk", flat=True))
