"""One process that hears the bell, with nobody who serves the queue. Run by test_pool.py."""

from tests.programs import ready, say

ready()

from accounts import ledger, workspaces  # noqa: E402
from accounts.models import User  # noqa: E402
from studio import serving  # noqa: E402
from studio.models import Job  # noqa: E402
from studio.queue import doorbell  # noqa: E402
from studio.queue.pool import Pool  # noqa: E402
from tests.product import until  # noqa: E402
from tests.studio.makers import Puppet, submit  # noqa: E402

if __name__ == "__main__":
    engine = Puppet()
    serving.engine = lambda *_: engine
    ada = User.objects.create_user("ada@example.com", "correct horse", name="Ada")
    own = workspaces.personal(ada)
    ledger.grant(to=own, amount_micros=150_000, reference="grant")
    pool = Pool(3)
    pool.listen()
    submit(ada, own)
    # It listens soon; the queue, which would catch what comes before, is not there.
    until(lambda: doorbell.ring() or Job.objects.filter(state="succeeded").exists(), "its ear")
    for count in range(2, 4):
        submit(ada, own)
        until(lambda: Job.objects.filter(state="succeeded").count() == count, "its end")  # noqa: B023
    say(calls=len(engine.calls))
