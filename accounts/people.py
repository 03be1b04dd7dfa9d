"""Finds and makes people for the commands that name them by e-mail."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from accounts import workspaces
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
        user = User.objects.filter(email__iexact=email).first()
        user = user or User.objects.create_user(email)
        return user, workspaces.personal(user)
