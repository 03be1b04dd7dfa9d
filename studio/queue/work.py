"""The outermost loop of the work: whatever a job does, the one who runs it goes on."""

import logging
import time
from collections.abc import Callable

from django.db import Error, connection
from django.utils import timezone

from accounts import connections, turns
from accounts.ledger import LedgerError
from gallery import images
from gallery.codec import CodecBusy
from gallery.images import StorageError
from gallery.models import Image
from gallery.pictures import PictureError
from studio import jobs
from studio.engines.contract import Trouble
from studio.jobs import settle
from studio.models import Job

log = logging.getLogger("easel.worker")
_PATIENCE_SECONDS = 0.5
_LOST = "Something went wrong here. Please try again later."


def run(job: Job, answered: Callable[[], object] = lambda: None) -> jobs.Ran:
    """As jobs.run, and raises nothing."""
    ran = jobs.Ran()
    try:
        ran = jobs.run(job, answered)
    except Error:
        log.exception("job=%s lost the database", job.pk)
        _when_possible(job, lambda: settle.put_off(job, Trouble(_LOST)))
    except Exception:
        log.exception("job=%s broke", job.pk)
        _when_possible(job, lambda: settle.release_lost(job))
    finally:
        connections.give_back()
    return ran


def _when_possible(job: Job, act: Callable[[], object]) -> None:
    """The database may be away for a while; after the lease the sweep does it."""
    while job.lease_until and timezone.now() < job.lease_until:
        connection.close()
        try:
            act()
        except settle.Superseded:
            return
        except (Error, LedgerError):
            log.warning("job=%s cannot be put back yet", job.pk)
            with turns.waiting():
                time.sleep(_PATIENCE_SECONDS)
        else:
            return


def preview(image: Image) -> None:
    try:
        images.make_previews(image)
    except (CodecBusy, StorageError, FileNotFoundError, PictureError, Error):
        log.exception("no previews for image=%s; the sweep tries again", image.pk)
        connection.close()
    finally:
        connections.give_back()
