from collections.abc import Iterable

from tests.chaos.roles import Killer
from tests.engines.strict_stepfun import StrictStepfun
from tests.product import Product


def figures(product: Product, service: StrictStepfun, killer: Killer) -> str:
    """What a run was like, in lines."""
    ends = product.query(
        "SELECT trim(state || ' ' || error_code), count(*) FROM studio_job "
        "GROUP BY 1 ORDER BY 2 DESC"
    )
    attempts, crashes, jobs, delivered = product.query(
        "SELECT sum(attempt), sum(crashes), count(*), count(image_id) FROM studio_job"
    )[0]
    charged = product.query(
        "SELECT coalesce(sum(amount_micros), 0) FROM accounts_transfer "
        "WHERE reference LIKE 'job:%' AND state = 'posted'"
    )[0][0]
    calls = service.counts["generate"] + service.counts["edit"]
    faults = sum(1 for each in service.requests if each.fault)
    share = max(delivered, 1)
    return "\n".join(
        (
            f"  killed {len(killer.killed)}: {_listed(killer.by_role().most_common())}",
            f"  jobs {jobs}: {_listed(ends)}; {attempts} attempts, {crashes} crashes",
            f"  charged ${charged / 1_000_000:.3f} for {delivered} pictures",
            f"  upstream {calls} calls ({faults} answered by a fault), "
            f"{service.images_made} pictures made: {calls / share:.2f} calls and "
            f"{service.images_made / share:.2f} pictures for each one delivered",
        )
    )


def _listed(pairs: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{name} {count}" for name, count in pairs)
