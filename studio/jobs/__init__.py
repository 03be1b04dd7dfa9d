"""The life of a job: submitted, claimed, run, settled, waited for.

States and their order stand in `studio.models.jobs`. No transaction and no lock is held
across a call of an engine or of the storage.
"""

from studio.jobs.again import again
from studio.jobs.asking import AnsweredAlready, AskerGone
from studio.jobs.caps import (
    CapReached,
    MemberCapReached,
    QuotaExceeded,
    spending_in,
    spending_of,
    spent_by,
    spent_this_month,
)
from studio.jobs.claim import claim, is_any_runnable, next_in_turn, take
from studio.jobs.places import place
from studio.jobs.release import release_images
from studio.jobs.run import Ran, run, run_next
from studio.jobs.settle import cancel, stop
from studio.jobs.submit import QueueFull, Region, SourceGone, Upload, check, submit
from studio.jobs.turns import places, usual_ms
from studio.jobs.waiting import wait, wait_for_change

__all__ = [
    "AnsweredAlready",
    "AskerGone",
    "CapReached",
    "MemberCapReached",
    "QueueFull",
    "QuotaExceeded",
    "Ran",
    "Region",
    "SourceGone",
    "Upload",
    "again",
    "cancel",
    "check",
    "claim",
    "is_any_runnable",
    "next_in_turn",
    "place",
    "places",
    "release_images",
    "run",
    "run_next",
    "spending_in",
    "spending_of",
    "spent_by",
    "spent_this_month",
    "stop",
    "submit",
    "take",
    "usual_ms",
    "wait",
    "wait_for_change",
]
