"""What a key may spend in a month, for how long it lives, and what it may do."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from accounts import keys, workspaces
from accounts.models import ApiKey, Membership, Role, User, Workspace
from studio import jobs
from studio.engines.contract import Filtered
from studio.models import Job
from tests.api.conftest import balance, program
from tests.programs import ON_BOTH, Ground
from tests.studio.makers import Puppet

CAPPED = (402, "monthly_cap_reached")
PROCESSES, CALLS = 6, 8


@pytest.mark.timeout(300)
@pytest.mark.parametrize("ground", ON_BOTH, indirect=True)
def test_calls_at_once_spend_the_cap_and_no_more(ground: Ground) -> None:
    *callers, end = ground.run("tests.api.cap_races", PROCESSES, CALLS)
    half = PROCESSES * CALLS // 2
    assert len(callers) == PROCESSES
    assert sum(each["statuses"].get("202", 0) for each in callers) == half
    assert sum(each["statuses"].get("402", 0) for each in callers) == half
    assert {code for each in callers for code in each["said"]} == {"monthly_cap_reached"}
    assert end == {"held": half * 3_000, "spent": half * 3_000, "drift": []}


@pytest.mark.django_db
@pytest.mark.usefixtures("_at_once")
def test_over_the_cap_is_said_in_the_shape_of_the_api(ada: User, workspace: Workspace) -> None:
    capped = program(ada, monthly_cap_micros=8_999)
    assert capped.generate(n=2).status_code == 200
    response = capped.generate()
    assert response.status_code == 402
    assert response.json()["error"] == {
        "message": "The cap of $0.008999 a month of this key is reached.",
        "type": "billing_error",
        "param": None,
        "code": "monthly_cap_reached",
    }
    assert Job.objects.count() == 2
    assert balance(workspace) == (144_000, 0)
    keys.change(key=capped.key, by=ada, name="more", monthly_cap_micros=9_000, expires_at=None)
    assert capped.generate().status_code == 200


@pytest.mark.django_db
@pytest.mark.usefixtures("_at_once")
def test_what_was_not_charged_leaves_the_cap(ada: User, puppet: Puppet) -> None:
    capped = program(ada, monthly_cap_micros=3_000)
    puppet.does = [Filtered("moderated")]
    capped.generate()
    assert capped.generate().status_code == 200
    response = capped.generate()
    assert (response.status_code, response.json()["error"]["code"]) == CAPPED


@pytest.mark.django_db
@pytest.mark.usefixtures("_at_once")
def test_another_month_is_another_cap(ada: User) -> None:
    capped = program(ada, monthly_cap_micros=3_000)
    assert capped.generate().status_code == 200
    assert capped.generate().status_code == 402
    now = timezone.now()
    Job.objects.update(created_at=datetime(now.year, now.month, 1, tzinfo=UTC))
    assert capped.generate().status_code == 402
    last = datetime(now.year, now.month, 1, tzinfo=UTC) - timedelta(microseconds=1)
    Job.objects.update(created_at=last)
    assert capped.generate().status_code == 200


@pytest.mark.django_db
@pytest.mark.usefixtures("_at_once")
def test_a_repeated_order_needs_no_more_of_the_cap(ada: User) -> None:
    capped = program(ada, monthly_cap_micros=3_000)
    name = {"Idempotency-Key": "order-1"}
    assert capped.generate(name).status_code == 200
    assert capped.generate(name).status_code == 200
    assert capped.generate().status_code == 402


@pytest.mark.django_db
def test_it_ends_at_its_moment(ada: User, workspace: Workspace) -> None:
    soon = timezone.now() + timedelta(hours=1)
    key, secret = keys.issue(workspace=workspace, by=ada, name="short", expires_at=soon)
    assert keys.find(secret) == key
    ApiKey.objects.update(expires_at=timezone.now())
    assert keys.find(secret) is None


@pytest.mark.django_db
@pytest.mark.parametrize(("verb", "never"), [("post", "false"), ("get", None)])
def test_a_key_that_ends_while_its_caller_waits_is_told_nothing(
    ben: User, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, verb: str, never: str | None
) -> None:
    """What was ordered goes on, and is not to be ordered again."""
    caller = program(ben, workspace)
    location = caller.generate({"Prefer": "respond-async"})["Location"]
    wait = jobs.wait

    def revoke_and_wait(ids: Collection[UUID], _seconds: float) -> list[Job]:
        keys.revoke(key=caller.key, by=ben)
        return wait(ids, 0)

    monkeypatch.setattr(jobs, "wait", revoke_and_wait)
    response = caller.generate() if verb == "post" else caller.get(location, data={"wait": "9"})
    assert (response.status_code, response.json()["error"]["code"]) == (401, "invalid_api_key")
    assert response.get("x-should-retry") == never
    assert {job.state for job in Job.objects.all()} == {"queued"}


@pytest.mark.django_db
def test_a_key_that_makes_stops_when_its_maker_may_only_look(
    ben: User, workspace: Workspace
) -> None:
    caller = program(ben, workspace)
    assert caller.generate({"Prefer": "respond-async"}).status_code == 202
    Membership.objects.filter(user=ben, workspace=workspace).update(role=Role.VIEWER)
    response = caller.generate()
    assert (response.status_code, response.json()["error"]["code"]) == (403, "not_allowed")
    assert caller.get("/v1/images").status_code == 200


@pytest.mark.django_db
def test_revoked_by_another_is_revoked_for_the_next_call(
    ada: User, ben: User, workspace: Workspace
) -> None:
    caller, other = program(ben, workspace), program(ben)
    keys.revoke(key=caller.key, by=ada)
    assert caller.get("/v1/models").status_code == 401
    assert other.get("/v1/models").status_code == 200
    assert other.key.workspace == workspaces.personal(ben)
