"""One process that ends while its threads are busy and more is queued. Run by test_pool.py."""

import threading
from collections import Counter

from tests.programs import ready, say

ready()

from accounts import ledger, workspaces  # noqa: E402
from accounts.models import User  # noqa: E402
from studio import serving  # noqa: E402
from studio.engines.contract import EngineRequest, EngineResult  # noqa: E402
from studio.models import Job  # noqa: E402
from studio.queue.pool import Pool  # noqa: E402
from tests.product import until  # noqa: E402
from tests.studio.makers import Puppet, submit  # noqa: E402


class Slow(Puppet):
    let_go = threading.Event()

    def run(self, request: EngineRequest) -> EngineResult:
        self.let_go.wait(10)
        return super().run(request)


if __name__ == "__main__":
    engine = Slow()
    serving.engine = lambda *_: engine
    ada = User.objects.create_user("ada@example.com", "correct horse", name="Ada")
    own = workspaces.personal(ada)
    ledger.grant(to=own, amount_micros=150_000, reference="grant")
    submit(ada, own, count=10)
    pool = Pool(3)
    pool.fill()
    until(lambda: Job.objects.running().count() == 3, "three running")
    ending = threading.Thread(target=pool._end)
    ending.start()
    until(lambda: pool._is_ending, "its end")
    engine.let_go.set()
    ending.join(10)
    say(states=Counter(Job.objects.values_list("state", flat=True)))
