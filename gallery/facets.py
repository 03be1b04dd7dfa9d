"""What a workspace's images may be chosen by, asked so that many images cost no more."""

from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.db.models.expressions import RawSQL

from accounts.models import Membership, User, Workspace
from accounts.prepared import Prepared
from gallery.models import Collection, Image

_MOST = 50
_MOST_PEOPLE = _MOST_COLLECTIONS = 200
_COLLECTIONS = Prepared(
    lambda workspace_id: Collection.objects.filter(workspace_id=workspace_id).order_by(
        "-created_at"
    )[:_MOST_COLLECTIONS]
)
# From one to the next along an index such as `image_by_model`, on both databases
_EACH = """
    WITH RECURSIVE found (one) AS (
        SELECT (SELECT min({column}) FROM gallery_image
                WHERE workspace_id = %s AND deleted_at IS NULL AND {column} > {least})
        UNION ALL
        SELECT (SELECT min({column}) FROM gallery_image
                WHERE workspace_id = %s AND deleted_at IS NULL AND {column} > found.one)
        FROM found WHERE found.one IS NOT NULL
    ) SELECT one FROM found WHERE one IS NOT NULL LIMIT %s
"""


def _people(workspace_id: UUID) -> Any:
    statement = _EACH.format(column="created_by_id", least="0")
    makers = RawSQL(statement, _parameters(workspace_id, _MOST_PEOPLE))  # noqa: S611 - our own text
    members = Membership.objects.filter(workspace_id=workspace_id).values("user")
    found = User.objects.filter(Q(pk__in=members) | Q(pk__in=makers))
    return found.order_by("pk")[:_MOST_PEOPLE]


_PEOPLE = Prepared(_people)


def models(workspace: Workspace) -> list[str]:
    statement = _EACH.format(column="model", least="''")
    with connection.cursor() as cursor:
        cursor.execute(statement, _parameters(workspace.pk, _MOST))
        return [model for (model,) in cursor.fetchall()]


def collections(workspace: Workspace) -> list[Collection]:
    """The newest first."""
    return _COLLECTIONS(workspace_id=workspace.pk)


def people(workspace: Workspace) -> list[User]:
    """Its members, and those who left and whose images stay."""
    return _PEOPLE(workspace_id=workspace.pk)


def _parameters(workspace_id: UUID, most: int) -> list[Any]:
    key = Image._meta.get_field("workspace").get_db_prep_value(workspace_id, connection)
    return [key, key, most]
