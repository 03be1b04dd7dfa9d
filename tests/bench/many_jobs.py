"""Makes many jobs that were delivered and paid, as rows: one each five minutes, until now.

So a month has as many as the default plan allows, and a million reach back nine years. The ledger
agrees with them: one grant pays for all.
"""

from django.db import connection, transaction
from django.utils import timezone

from accounts import ledger
from accounts.models import User, Wallet, Workspace

_AT_ONCE = 20_000
_EVERY_SECONDS = 300
_SERIES = {
    "postgresql": "generate_series({first}::bigint, {last}) AS series(n)",
    "sqlite": (
        "(WITH RECURSIVE series(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM series "
        "WHERE n < {last}) SELECT n FROM series)"
    ),
}
# Of a job's id: when it was made, and its number
_TEXT = {
    "postgresql": (
        "lpad(to_hex({ms} / 65536), 8, '0') || '-' || lpad(to_hex({ms} % 65536), 4, '0') || "
        "'-7000-8000-' || lpad(to_hex(n), 12, '0')"
    ),
    "sqlite": "printf('%08x-%04x-7000-8000-%012x', {ms} / 65536, {ms} % 65536, n)",
}
_MOMENT = {
    "postgresql": "to_timestamp({end} - {every} * n)",
    "sqlite": "strftime('%Y-%m-%d %H:%M:%S', {end} - {every} * n, 'unixepoch')",
}
_JOBS = """
INSERT INTO studio_job (
    id, order_id, workspace_id, created_by_id, created_at, state, model, operation, prompt,
    negative_prompt, mask, feather, size, steps, cfg_scale, text_mode, price_micros, notes,
    priority, attempt, faults, crashes, upstream_calls, claimed_by, started_at, finished_at,
    is_image_purged, engine, trace_id, error_code, error
)
SELECT {id}, {id}, '{workspace}', {owner}, {moment}, 'succeeded', 'step-image-edit-2', 'generate',
    'A lake, number ' || n, '', '', 0, '', 8, 1.0, {no}, 3000, '[]', 0, 1, 0, 0, 1, '', {moment},
    {moment}, {yes}, 'sketch', 'bench-' || n, '', ''
FROM {series}
"""
_TRANSFERS = """
INSERT INTO accounts_transfer (
    id, debit_id, credit_id, amount_micros, state, reference, memo, created_by_id, created_at,
    settled_at
)
SELECT {id}, {debit}, {credit}, 3000, 'posted', 'job:' || {text}, '', {owner}, {moment}, {moment}
FROM {series}
"""


def fill(count: int, owner: User, workspace: Workspace) -> None:
    """May be done once for an installation."""
    ledger.grant(to=workspace, amount_micros=3_000 * count, reference=f"grant:bench:{workspace.pk}")
    wallet = ledger.credit_of(workspace)
    values = _values(owner, workspace, wallet)
    with connection.cursor() as cursor:
        for start in range(0, count, _AT_ONCE):
            last = min(start + _AT_ONCE, count) - 1
            series = _SERIES[connection.vendor].format(first=start, last=last)
            with transaction.atomic():
                for statement in (_JOBS, _TRANSFERS):
                    cursor.execute(statement.format(**values, series=series))
    Wallet.objects.filter(pk=wallet.pk).update(posted_micros=wallet.posted_micros - 3_000 * count)


def _values(owner: User, workspace: Workspace, wallet: Wallet) -> dict[str, object]:
    vendor, is_server = connection.vendor, connection.vendor == "postgresql"
    end = int(timezone.now().timestamp())
    text = _TEXT[vendor].format(ms=f"(1000 * ({end} - {_EVERY_SECONDS} * n))")
    return {
        "text": text,
        "id": f"({text})::uuid" if is_server else f"replace({text}, '-', '')",
        "moment": _MOMENT[vendor].format(end=end, every=_EVERY_SECONDS),
        "workspace": workspace.pk if is_server else workspace.pk.hex,
        "owner": owner.pk,
        "debit": wallet.pk,
        "credit": ledger.system(Wallet.Kind.REVENUE).pk,
        "no": "false" if is_server else "0",
        "yes": "true" if is_server else "1",
    }
