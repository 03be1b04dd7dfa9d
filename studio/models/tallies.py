from django.db import models


class Tally(models.Model):
    """What the jobs that ended until a moment (`TallyMark`) add up to, for each kind of end.

    It only grows, whatever becomes of the jobs. `waits` and `takes` count, for each bound of
    `studio.metrics`, those that waited or were worked on no longer than that.
    """

    state = models.CharField(max_length=9)
    model = models.CharField(max_length=60)
    engine = models.CharField(max_length=20, blank=True)
    error_code = models.CharField(max_length=30, blank=True)
    jobs = models.BigIntegerField(default=0)
    micros = models.BigIntegerField(default=0)
    upstream_calls = models.BigIntegerField(default=0)
    faults = models.BigIntegerField(default=0)
    waited_seconds = models.FloatField(default=0)
    took_seconds = models.FloatField(default=0)
    started = models.BigIntegerField(default=0)
    waits = models.JSONField(default=list)
    takes = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["state", "model", "engine", "error_code"], name="tally_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.model}"


class TallyMark(models.Model):
    """The one row that says until when jobs are in the tallies."""

    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.until}"
