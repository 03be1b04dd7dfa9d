"""Checkpoints of the ledger. The database itself refuses to rewrite them, as it does transfers.

What migration 0002 says of triggers holds for these too.
"""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

TABLES = ("accounts_period", "accounts_periodsum")
SQLITE = [
    f"""
    CREATE TRIGGER {table}_{name} BEFORE {name} ON {table}
    BEGIN SELECT RAISE(ABORT, 'periods are append-only'); END
    """
    for table in TABLES
    for name in ("UPDATE", "DELETE")
]
SQLITE_UNDO = [f"DROP TRIGGER {table}_{name}" for table in TABLES for name in ("UPDATE", "DELETE")]
POSTGRESQL = [
    """
    CREATE FUNCTION period_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'periods are append-only' USING ERRCODE = '23514'; END $$
    """,
    *(
        f"""
        CREATE TRIGGER {table}_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION period_refuse()
        """
        for table in TABLES
    ),
]
POSTGRESQL_UNDO = [
    *(f"DROP TRIGGER {table}_stays ON {table}" for table in TABLES),
    "DROP FUNCTION period_refuse",
]


def guard(apps, schema_editor):
    _run(schema_editor, SQLITE, POSTGRESQL)


def unguard(apps, schema_editor):
    _run(schema_editor, SQLITE_UNDO, POSTGRESQL_UNDO)


def _run(schema_editor, sqlite, postgresql):
    for statement in sqlite if schema_editor.connection.vendor == "sqlite" else postgresql:
        schema_editor.execute(statement)


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0009_log_by_object'),
    ]

    operations = [
        migrations.CreateModel(
            name='Period',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('until', models.DateTimeField(unique=True)),
                ('closed_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
        ),
        migrations.CreateModel(
            name='PeriodSum',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('came_micros', models.BigIntegerField()),
                ('went_micros', models.BigIntegerField()),
                ('period', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sums', to='accounts.period')),
                ('wallet', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='sums', to='accounts.wallet')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('wallet', 'period'), name='period_sum_once'), models.CheckConstraint(condition=models.Q(('came_micros__gte', 0), ('went_micros__gte', 0)), name='period_sum_not_negative')],
            },
        ),
        migrations.RunPython(guard, unguard),
    ]
