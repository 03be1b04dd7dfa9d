"""What the servers that make pictures say of their own accounts: asked now and then, and kept.

The operator is warned before one is empty: then every job fails.
"""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings

from studio import alerts, catalog, serving
from studio.engines.contract import Account, EngineError
from studio.engines.stepfun import StepfunEngine
from studio.models import Upstream
from studio.serving import Server

log = logging.getLogger("easel.worker")
_ASKED_AGAIN = timedelta(minutes=10)


def ask(at: datetime) -> None:
    """Those that were not asked lately. A network may keep it waiting for some seconds each."""
    for server, engine in _telling():
        name = name_of(server)
        known = Upstream.objects.filter(server=name).first()
        if known is None or known.asked_at <= at - _ASKED_AGAIN:
            _keep(name, _asked(engine), at)


def _telling() -> Iterator[tuple[Server, StepfunEngine]]:
    """Each server once, if it is of a kind that may tell."""
    seen: set[Server] = set()
    for model, engine in serving.engines().items():
        server = serving.server(model)
        if isinstance(engine, StepfunEngine) and server not in seen:
            seen.add(server)
            yield server, engine


def _asked(engine: StepfunEngine) -> Account | None:
    try:
        return engine.account()
    except EngineError as error:
        log.info("an account could not be asked code=%s", error.code)
        return None


def _keep(name: str, account: Account | None, at: datetime) -> None:
    told = {"told_at": at, "is_prepaid": account.is_prepaid} if account else {}
    Upstream.objects.update_or_create(
        server=name,
        defaults={"asked_at": at, "balance": account.balance if account else None, **told},
    )
    key = f"upstream:{name[:80]}:low"
    if account and account.is_prepaid and account.balance < settings.UPSTREAM_LOW_BALANCE:
        alerts.open_once(
            key,
            f"{name} says that its balance is {account.balance:f}. When it is empty, jobs fail.",
        )
    elif account:
        alerts.close(key)


def balances() -> dict[str, str]:
    """In words, by server: also of those that tell nothing."""
    known = {each.server: each for each in Upstream.objects.all()}
    servers = {name_of(serving.server(model)) for model in catalog.models()}
    return {name: _words(known.get(name)) for name in sorted(servers)}


def _words(known: Upstream | None) -> str:
    if known is None or known.balance is None:
        return "not told"
    return f"{known.balance:,.2f}" + ("" if known.is_prepaid else ", paid afterwards")


def name_of(server: Server) -> str:
    place = server.place.rpartition("@")[2]
    return f"{server.engine}@{place}"[:120] if place else server.engine
