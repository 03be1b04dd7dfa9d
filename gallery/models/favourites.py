from django.conf import settings
from django.db import models
from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

from accounts.models import User
from gallery.models.images import Image


class Favourite(models.Model):
    """An image that a person likes; nobody else is told.

    `image_created_at` is the image's own, so that favourites are read in the gallery's order.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="favourites")
    image_created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "image"], name="favourite_once")]
        indexes = [
            models.Index(
                fields=["user", "-image_created_at", "-image"], name="favourite_newest_first"
            )
        ]

    @classmethod
    def of(cls, user: User) -> Coalesce:
        """Whether an image of a queryset is one of the person's.

        With EXISTS PostgreSQL would read all of them, for a page of sixty images.
        """
        theirs = cls.objects.filter(user=user, image=OuterRef("pk"))
        return Coalesce(Subquery(theirs.values_list(Value(True))[:1]), False)

    def __str__(self) -> str:
        return f"{self.image_id} of {self.user_id}"
