"""The database itself refuses to rewrite history.

On SQLite, Django changes a table by making it anew, which drops its triggers: a later
migration that alters `Transfer` has to run `GUARD` again. A test tells when one did not.
"""

from django.db import migrations

COLUMNS = ("id", "debit_id", "credit_id", "amount_micros", "reference", "memo", "created_at")

SQLITE = [
    f"""
    CREATE TRIGGER transfer_keeps_its_money BEFORE UPDATE ON accounts_transfer
    WHEN OLD.state <> 'pending' AND OLD.state IS NOT NEW.state
      OR {" OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in COLUMNS)}
    BEGIN SELECT RAISE(ABORT, 'transfers are append-only'); END
    """,
    """
    CREATE TRIGGER transfer_stays BEFORE DELETE ON accounts_transfer
    BEGIN SELECT RAISE(ABORT, 'transfers are append-only'); END
    """,
]
SQLITE_UNDO = ["DROP TRIGGER transfer_keeps_its_money", "DROP TRIGGER transfer_stays"]

POSTGRESQL = [
    """
    CREATE FUNCTION transfer_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'transfers are append-only' USING ERRCODE = '23514'; END $$
    """,
    f"""
    CREATE TRIGGER transfer_keeps_its_money BEFORE UPDATE ON accounts_transfer FOR EACH ROW
    WHEN (OLD.state <> 'pending' AND OLD.state IS DISTINCT FROM NEW.state
      OR {" OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in COLUMNS)})
    EXECUTE FUNCTION transfer_refuse()
    """,
    """
    CREATE TRIGGER transfer_stays BEFORE DELETE ON accounts_transfer FOR EACH ROW
    EXECUTE FUNCTION transfer_refuse()
    """,
]
POSTGRESQL_UNDO = [
    "DROP TRIGGER transfer_keeps_its_money ON accounts_transfer",
    "DROP TRIGGER transfer_stays ON accounts_transfer",
    "DROP FUNCTION transfer_refuse",
]


def guard(schema_editor):
    _run(schema_editor, SQLITE, POSTGRESQL)


def unguard(schema_editor):
    _run(schema_editor, SQLITE_UNDO, POSTGRESQL_UNDO)


def _run(schema_editor, sqlite, postgresql):
    for statement in sqlite if schema_editor.connection.vendor == "sqlite" else postgresql:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [
        migrations.RunPython(
            lambda apps, schema_editor: guard(schema_editor),
            lambda apps, schema_editor: unguard(schema_editor),
        )
    ]
