from studio.models.alerts import Alert
from studio.models.jobs import (
    TERMINAL,
    TRANSITIONS,
    AnyJob,
    ArchivedJob,
    Job,
    JobQuerySet,
    Priority,
    State,
)
from studio.models.offers import Offer
from studio.models.prompts import Prompt
from studio.models.repeats import RepeatKey
from studio.models.tallies import Tally, TallyMark
from studio.models.upstreams import Upstream
from studio.models.webhooks import Delivery, Webhook
from studio.models.workers import Worker

__all__ = [
    "TERMINAL",
    "TRANSITIONS",
    "Alert",
    "AnyJob",
    "ArchivedJob",
    "Delivery",
    "Job",
    "JobQuerySet",
    "Offer",
    "Priority",
    "Prompt",
    "RepeatKey",
    "State",
    "Tally",
    "TallyMark",
    "Upstream",
    "Webhook",
    "Worker",
]
