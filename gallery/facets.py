"""Which models a workspace's images were made by, asked so that many images cost no more."""

from django.db import connection

from accounts.models import Workspace
from gallery.models import Image

_MOST = 50
# From one model to the next along the index `image_by_model`, on both databases
_MODELS = """
    WITH RECURSIVE found (model) AS (
        SELECT (SELECT min(model) FROM gallery_image
                WHERE workspace_id = %s AND deleted_at IS NULL AND model > '')
        UNION ALL
        SELECT (SELECT min(model) FROM gallery_image
                WHERE workspace_id = %s AND deleted_at IS NULL AND model > found.model)
        FROM found WHERE found.model IS NOT NULL
    ) SELECT model FROM found WHERE model IS NOT NULL LIMIT %s
"""


def models(workspace: Workspace) -> list[str]:
    key = Image._meta.get_field("workspace").get_db_prep_value(workspace.pk, connection)
    with connection.cursor() as cursor:
        cursor.execute(_MODELS, [key, key, _MOST])
        return [model for (model,) in cursor.fetchall()]
