from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac

models.EmailField.register_lookup(Lower)  # as the index of people has it


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__lower=(username or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person, who signs in by e-mail. Owns nothing: a workspace does.

    `erase_at`: they asked for the end of their account, and did not sign in since. `agreed` names
    the terms that they accepted last (`accounts.terms`).
    """

    email = models.EmailField("e-mail", max_length=254)
    name = models.CharField(max_length=100, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    erase_at = models.DateTimeField(null=True, blank=True, editable=False)
    agreed = models.CharField(max_length=60, blank=True, default="", editable=False)
    is_told_of_low_credit = models.BooleanField(default=True)
    signed_out_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Sessions from before are over."
    )

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_unique",
                violation_error_message="A person with this e-mail exists.",
            )
        ]
        indexes = [
            models.Index(
                fields=["erase_at"], condition=Q(erase_at__isnull=False), name="user_to_erase"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Of a session that began before `signed_out_at` it is another one, so that ends."""
        ours: str = super()._get_session_auth_hash(secret=secret)  # type: ignore[misc]
        if self.signed_out_at is None:
            return ours
        when = self.signed_out_at.timestamp()
        return salted_hmac("accounts.session", f"{ours}{when}", secret=secret).hexdigest()
