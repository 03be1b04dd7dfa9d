"""Every file that is no photo, sent to the studio: a sentence, nothing charged, nothing kept."""

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import Workspace
from gallery import images
from gallery.models import Image, PendingObject
from studio.models import Job
from tests.gallery.test_pictures import REFUSED
from tests.studio.makers import balance

CREATE = reverse("studio:job_create")


def test_what_is_no_photo_is_refused_with_its_sentence(
    as_ada: Client, workspace: Workspace
) -> None:
    for name, (data, words) in REFUSED.items():
        photo = SimpleUploadedFile("photo.png", data, "image/png")
        answer = as_ada.post(CREATE, {"prompt": "turn it blue", "photo": photo})
        assert answer.status_code == 422, name
        assert words in answer.content.decode(), name
        assert "Not charged" in answer.content.decode(), name
    assert balance(workspace) == (150_000, 0)
    assert list(images.stored()) == []
    for model in (Job, Image, PendingObject):
        assert not model.objects.exists(), model
