"""The outermost loop of the work: whatever a job does, the one who runs it goes on."""

import logging
import time

from django.db import DatabaseError, connection
from django.utils import timezone

from accounts import connections
from gallery import images
from gallery.codec import CodecBusy
from gallery.images import StorageError
from gallery.models import Image
from gallery.pictures import PictureError
from studio import jobs
from studio.jobs import settle
from studio.models import Job

log = logging.getLogger("easel.worker")
_PATIENCE_SECONDS = 0.5


def run(job: Job) -> jobs.Ran:
    try:
        return jobs.run(job)
    except DatabaseError:
        log.exception("job=%s lost the database", job.pk)
        _release_when_possible(job)
    except Exception:
        log.exception("job=%s broke", job.pk)
        _release_when_possible(job)
    finally:
        connections.give_back()
    return jobs.Ran()


def _release_when_possible(job: Job) -> None:
    """The database may be away for a while; after the lease the sweep does it."""
    while job.lease_until and timezone.now() < job.lease_until:
        connection.close()
        try:
            settle.release_lost(job)
        except DatabaseError:
            time.sleep(_PATIENCE_SECONDS)
        else:
            return


def preview(image: Image) -> None:
    try:
        images.make_previews(image)
    except (CodecBusy, StorageError, FileNotFoundError, PictureError, DatabaseError):
        log.exception("no previews for image=%s; the sweep tries again", image.pk)
        connection.close()
    finally:
        connections.give_back()
