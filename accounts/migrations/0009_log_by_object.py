"""The audit log by what was changed, and the newest of each who changes: Django indexes neither."""

from django.db import migrations

INDEXES = {
    "admin_log_by_object": "django_admin_log (object_id)",
    "admin_log_newest_of": "django_admin_log (user_id, action_time DESC)",
}


def _add(apps, schema_editor):
    gently = "CONCURRENTLY " if schema_editor.connection.vendor == "postgresql" else ""
    for name, columns in INDEXES.items():
        schema_editor.execute(f"CREATE INDEX {gently}IF NOT EXISTS {name} ON {columns}")


def _remove(apps, schema_editor):
    for name in INDEXES:
        schema_editor.execute(f"DROP INDEX IF EXISTS {name}")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("accounts", "0008_newest_first"),
        ("admin", "0003_logentry_add_action_flag_choices"),
    ]
    operations = [migrations.RunPython(_add, _remove)]
