"""A member over their monthly cap asks; who decides about them says yes or no."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import ledger, members
from accounts.models import Membership, Role, User, Workspace
from accounts.workspaces import NotAllowed
from studio import jobs
from studio.jobs import asking, next_in_turn
from studio.models import Job, State
from studio.queue import sweep
from tests.conftest import person
from tests.programs import ON_BOTH, Ground
from tests.studio.makers import Puppet, balance, submit


@pytest.fixture
def capped(ben: User, workspace: Workspace) -> User:
    ours = Membership.objects.filter(user=ben, workspace=workspace)
    ours.update(monthly_cap_micros=3_000)
    return ben


def working_in(client: Client, user: User, workspace: Workspace) -> Client:
    client.force_login(user)
    session = client.session
    session["workspace"] = str(workspace.pk)
    session.save()
    return client


@pytest.mark.timeout(300)
@pytest.mark.parametrize("ground", ON_BOTH, indirect=True)
def test_one_answer_counts_of_many_at_once(ground: Ground) -> None:
    """Yes, no and cancel, all at the same moment: a job has one end, and its money one way."""
    (end,) = ground.run("tests.studio.asking_races")
    assert end["findings"] == []
    for states in end["orders"]:
        assert states in (["queued"] * 2, ["cancelled"] * 2, ["cancelled", "queued"])
    assert end["held"] == 3_000 * sum(states.count("queued") for states in end["orders"])


@pytest.mark.django_db
def test_the_parked_job_keeps_its_place(
    ada: User, capped: User, workspace: Workspace, puppet: Puppet
) -> None:
    (asked, *_) = submit(capped, workspace, count=2, is_asking=True)
    (later,) = submit(ada, workspace)
    assert asked.state == State.PARKED
    assert balance(workspace)[1] == 9_000  # set aside, so that a yes can always be kept
    assert next_in_turn(9, timezone.now()) == [later.pk]
    asking.approve(workspace=workspace, order_id=asked.order_id, by=ada)
    assert next_in_turn(9, timezone.now())[0] == asked.pk
    jobs.run_next()
    asked.refresh_from_db()
    assert (asked.state, asked.decided_by) == (State.SUCCEEDED, ada)


@pytest.mark.django_db
def test_what_is_within_the_cap_is_made_at_once(capped: User, workspace: Workspace) -> None:
    (job,) = submit(capped, workspace, is_asking=True)
    assert job.state == State.QUEUED


@pytest.mark.django_db
def test_what_waits_takes_nothing_of_the_cap(capped: User, workspace: Workspace) -> None:
    submit(capped, workspace, count=2, is_asking=True)
    assert jobs.spent_by(capped, workspace) == 0
    (job,) = submit(capped, workspace)
    assert job.state == State.QUEUED


@pytest.mark.django_db
def test_a_no_gives_the_money_back(ada: User, capped: User, workspace: Workspace) -> None:
    (job, other) = submit(capped, workspace, count=2, is_asking=True)
    before = balance(workspace)[0]
    asking.decline(workspace=workspace, order_id=job.order_id, by=ada)
    job.refresh_from_db()
    assert (job.state, job.error, job.error_code) == (
        "cancelled",
        "Ada said no to this.",
        "declined",
    )
    assert balance(workspace) == (before, 0)
    with pytest.raises(jobs.AnsweredAlready):
        asking.approve(workspace=workspace, order_id=other.order_id, by=ada)


@pytest.mark.django_db
def test_only_who_decides_about_the_member_answers(
    ada: User, capped: User, vera: User, mallory: User, workspace: Workspace
) -> None:
    Membership.objects.filter(user=capped).exclude(workspace=capped.personal_workspace).update(
        role=Role.ADMIN
    )
    (job, _) = submit(capped, workspace, count=2, is_asking=True)
    anna = person("Anna", workspace, Role.ADMIN)
    for other in (capped, vera, mallory):
        for answer in (asking.approve, asking.decline):
            with pytest.raises(NotAllowed):
                answer(workspace=workspace, order_id=job.order_id, by=other)
    asking.approve(workspace=workspace, order_id=job.order_id, by=anna)


@pytest.mark.django_db
def test_no_yes_to_one_who_has_left(ada: User, capped: User, workspace: Workspace) -> None:
    (job, _) = submit(capped, workspace, count=2, is_asking=True)
    members.remove(member=Membership.objects.get(user=capped, workspace=workspace), by=ada)
    with pytest.raises(jobs.AskerGone):
        asking.approve(workspace=workspace, order_id=job.order_id, by=ada)
    asking.decline(workspace=workspace, order_id=job.order_id, by=ada)


@pytest.mark.django_db
def test_silence_holds_no_money_for_ever(capped: User, workspace: Workspace) -> None:
    submit(capped, workspace, count=2, is_asking=True)
    sweep.sweep_slowly(timezone.now())
    assert balance(workspace)[1] == 6_000
    sweep.sweep_slowly(timezone.now() + asking.PATIENCE + timedelta(minutes=1))
    assert balance(workspace)[1] == 0
    assert set(Job.objects.values_list("error", flat=True)) == {"Nobody answered in 14 days."}


@pytest.mark.django_db
def test_who_asked_hears_once_that_nobody_answered(
    capped: User, vera: User, workspace: Workspace
) -> None:
    ledger.grant(to=workspace, amount_micros=1_000_000, reference="grant")
    gone = person("Gus", workspace, Role.MEMBER)
    Membership.objects.filter(user=gone).update(monthly_cap_micros=0)
    submit(capped, workspace, count=2, prompt="a secret lake", is_asking=True)
    submit(capped, workspace, count=3, prompt="another", is_asking=True)
    submit(gone, workspace, is_asking=True)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    mail.outbox.clear()
    late = timezone.now() + asking.PATIENCE + timedelta(minutes=1)
    for _ in range(2):
        asking.expire(late)
    [letter] = mail.outbox
    assert letter.to == [capped.email]
    assert letter.subject == "Nobody answered what you asked for"
    for words in ("5 pictures", "14 days", "“Personal”", "Nothing was charged"):
        assert words in letter.body
    assert "secret" not in letter.body


@pytest.mark.django_db
def test_one_member_cannot_set_aside_all_of_it(capped: User, workspace: Workspace) -> None:
    ledger.grant(to=workspace, amount_micros=1_000_000, reference="grant")
    for _ in range(asking.MOST_PARKED // 4):
        submit(capped, workspace, count=4, is_asking=True)
    with pytest.raises(jobs.QuotaExceeded, match="At most 20"):
        submit(capped, workspace, count=4, is_asking=True)


@pytest.mark.django_db
def test_the_page_offers_to_ask_and_the_owners_are_told_once(
    client: Client, ada: User, capped: User, workspace: Workspace
) -> None:
    page, order = working_in(client, capped, workspace), {"prompt": "a secret lake", "count": 2}
    refused = page.post(reverse("studio:job_create"), order)
    assert (refused.status_code, "Ask for it" in refused.content.decode()) == (422, True)
    assert page.post(reverse("studio:job_create"), order | {"ask": "on"}).status_code == 302
    assert page.post(reverse("studio:job_create"), order | {"ask": "on"}).status_code == 302
    assert [letter.to for letter in mail.outbox] == [[ada.email]]
    assert "$0.006" in mail.outbox[0].body
    assert "secret" not in mail.outbox[0].body
    assert "It keeps its place" in page.get("/").content.decode()


@pytest.mark.django_db
def test_the_owner_sees_price_and_prompt_and_answers(
    client: Client, ada: User, capped: User, workspace: Workspace
) -> None:
    (job, _) = submit(capped, workspace, count=2, prompt="a secret lake", is_asking=True)
    Workspace.objects.filter(pk=workspace.pk).update(personal_of=None)  # a team
    address = reverse("accounts:workspace_page", args=[workspace.pk])
    assert (
        "a secret lake" not in working_in(client, capped, workspace).get(address).content.decode()
    )
    words = working_in(client, ada, workspace).get(address).content.decode()
    assert "a secret lake" in words
    assert "$0.006" in words
    answer = reverse("studio:request_approve", args=[job.order_id])
    assert "will be made" in client.post(answer, follow=True).content.decode()
    assert "answered or cancelled" in client.post(answer, follow=True).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("answer", "said", "words"),
    [
        (asking.approve, "said yes", "begins now"),
        (asking.decline, "said no", "Nothing was charged"),
    ],
)
def test_who_asked_is_told_the_answer(
    ada: User, capped: User, workspace: Workspace, answer: Any, said: str, words: str
) -> None:
    (job, _) = submit(capped, workspace, count=2, prompt="a secret lake", is_asking=True)
    answer(workspace=workspace, order_id=job.order_id, by=ada)
    [letter] = mail.outbox
    assert letter.to == [capped.email]
    assert said in letter.subject
    assert words in letter.body
    assert "2 pictures" in letter.body
    assert "secret" not in letter.body


@pytest.mark.django_db
def test_an_owner_whose_account_ends_is_not_asked(
    ada: User, capped: User, workspace: Workspace
) -> None:
    person("Olaf", workspace, Role.OWNER)
    User.objects.filter(pk=ada.pk).update(erase_at=timezone.now() + timedelta(days=7))
    asking.tell(submit(capped, workspace, count=2, is_asking=True))
    assert [letter.to for letter in mail.outbox] == [["olaf@example.com"]]
