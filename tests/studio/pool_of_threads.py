"""One process with its threads, beside a suspect. Run by test_pool.py."""

from collections import Counter

from tests.programs import ready, say

ready()

from accounts import ledger, workspaces  # noqa: E402
from accounts.models import User  # noqa: E402
from studio import serving  # noqa: E402
from studio.models import Job  # noqa: E402
from studio.queue.pool import Pool  # noqa: E402
from tests.product import until  # noqa: E402
from tests.studio.makers import Puppet, submit  # noqa: E402

if __name__ == "__main__":
    engine = Puppet()
    serving.engine = lambda *_: engine
    ada = User.objects.create_user("ada@example.com", "correct horse", name="Ada")
    own = workspaces.personal(ada)
    ledger.grant(to=own, amount_micros=150_000, reference="grant")
    suspect, *_ = submit(ada, own, count=10)
    Job.objects.filter(pk=suspect.pk).update(crashes=1)
    pool = Pool(3)
    pool.fill()
    until(lambda: Job.objects.unfinished().count() == 1, "the others ending")
    pool.fill()
    suspect.refresh_from_db()
    say(
        suspect=suspect.state,
        states=Counter(Job.objects.values_list("state", flat=True)),
        calls=len(engine.calls),
    )
