"""What people say against pictures that were shared with them. Who runs Easel answers it.

TooMany        so many reports came from there lately; a sentence for the user
"""

import logging
from typing import Any

from django import forms
from django.core.mail import mail_admins
from django.urls import reverse
from django.utils import timezone

from accounts import letters
from gallery.models import Image, Report, ShareLink

log = logging.getLogger("easel.reports")
LIMITS = {"report:{ip}": 10, "report": 500}
LIMIT_SECONDS = 3_600


class ReportForm(forms.Form):
    reason = forms.ChoiceField(
        choices=Report.Reason.choices,
        label="What is wrong with it",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what is wrong."},
    )
    text = forms.CharField(
        required=False,
        max_length=2_000,
        label="What we should know",
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    email = forms.EmailField(
        required=False,
        max_length=254,
        label="Your e-mail address",
        help_text="If we may ask back. It is not shown to who shared the picture.",
    )


def make(*, link: ShareLink, image: Image | None, **said: Any) -> Report:
    """And tells the operator. Never to be called in a transaction."""
    report = Report.objects.create(workspace=link.workspace, link=link, image=image, **said)
    log.info("report=%s reason=%s image=%s", report.pk, report.reason, report.image_id)
    where = letters.at_site(reverse("admin:gallery_report_change", args=[report.pk]))
    words = f"{report.get_reason_display()}.\n\nAnswer it: {where}\n"
    mail_admins("A shared picture was reported", words, fail_silently=True)
    return report


def handle(*, report: Report, outcome: str) -> None:
    """May be repeated: the first time counts."""
    report.outcome, report.handled_at = outcome, report.handled_at or timezone.now()
    report.save(update_fields=["outcome", "handled_at"])


def stop_link(report: Report) -> bool:
    """Nobody sees the picture by that link any more. True if this call did it."""
    live = ShareLink.objects.filter(pk__in=[report.link_id], revoked_at=None)
    return bool(live.update(revoked_at=timezone.now()))


def remove_picture(report: Report) -> bool:
    """To the trash of its workspace, out of all links. True if this call did it."""
    there = Image.objects.filter(pk__in=[report.image_id], deleted_at=None)
    return bool(there.update(deleted_at=timezone.now()))
