"""The database itself refuses to rewrite history.

On SQLite, Django changes a table by making it anew, which drops its triggers: a later
migration that alters `Transfer` has to call `guard` again. A test tells when one did not.
Who owns the tables can still drop a trigger: they stop mistakes, and no administrator.
"""

from django.db import migrations

COLUMNS = ("id", "debit_id", "credit_id", "amount_micros", "reference", "memo", "created_at")


def _rewrites(differs):
    """What an update may not do, where `differs` is the database's word for it.

    A settled transfer stays as it was settled. `created_by` may only be forgotten, as when
    somebody's account is erased.
    """
    columns = " OR ".join(f"OLD.{column} {differs} NEW.{column}" for column in COLUMNS)
    return f"""
      OLD.state <> 'pending'
        AND (OLD.state <> NEW.state OR OLD.settled_at {differs} NEW.settled_at)
      OR NEW.created_by_id IS NOT NULL AND OLD.created_by_id {differs} NEW.created_by_id
      OR {columns}
    """


SQLITE = [
    f"""
    CREATE TRIGGER transfer_keeps_its_money BEFORE UPDATE ON accounts_transfer
    WHEN {_rewrites("IS NOT")}
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
    WHEN ({_rewrites("IS DISTINCT FROM")})
    EXECUTE FUNCTION transfer_refuse()
    """,
    """
    CREATE TRIGGER transfer_stays BEFORE DELETE ON accounts_transfer FOR EACH ROW
    EXECUTE FUNCTION transfer_refuse()
    """,
    """
    CREATE TRIGGER transfer_stays_whole BEFORE TRUNCATE ON accounts_transfer FOR EACH STATEMENT
    EXECUTE FUNCTION transfer_refuse()
    """,
]
POSTGRESQL_UNDO = [
    "DROP TRIGGER transfer_stays_whole ON accounts_transfer",
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
