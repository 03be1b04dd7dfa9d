"""Another SECRET_KEY, with the former one beside it for a while, and then without."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client, RequestFactory

from accounts import ids, keys
from accounts.models import User, Workspace
from gallery.sharing import links as shares
from gallery.sharing.links import Terms
from studio.api import links
from studio.models import Webhook
from studio.webhooks import signing
from tests.privacy.makers import picture

pytestmark = pytest.mark.django_db


def status(path: str) -> int:
    answer = Client().get(path)
    if answer.streaming:
        b"".join(answer.streaming_content)
    return answer.status_code


def test_what_was_signed_goes_on_while_the_former_key_counts(
    as_ada: Client, ada: User, workspace: Workspace, settings: Any
) -> None:
    image = picture(workspace, ada)
    key, secret = keys.issue(workspace=workspace, by=ada, name="a program")
    content = urlsplit(links.to(image.pk, RequestFactory().get("/"), key))
    content_path = f"{content.path}?{content.query}"
    share = shares.make(of=image, by=ada, terms=Terms(expires_at=None), link_id=ids.new())
    share_path = urlsplit(shares.address(share)).path
    webhook = Webhook.objects.create(workspace=workspace, created_by=ada, url="https://h.example/")
    old_secret = signing.secret_of(webhook.seed)

    def opens() -> dict[str, bool]:
        bearer = {"Authorization": f"Bearer {secret}"}
        return {
            "session": as_ada.get(f"/images/{image.pk}/").status_code == 200,
            "signed link": status(content_path) == 200,
            "share link": Client().get(share_path).status_code == 200,
            "its address": bool(shares.address(share)),
            "key": Client(headers=bearer).get("/v1/models").status_code == 200,
        }

    everything = dict.fromkeys(opens(), True)
    assert opens() == everything
    former = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another-key-" * 5, [former]
    assert opens() == everything
    seeds = [signing.secret_of(webhook.seed, key=each) for each in (None, former)]
    assert old_secret in seeds

    settings.SECRET_KEY_FALLBACKS = []
    # Who came meanwhile has a session that the new key signed
    assert opens() == everything | {"signed link": False, "its address": False}
    stranger = Client()
    settings.SECRET_KEY = former
    stranger.force_login(ada)
    settings.SECRET_KEY = "another-key-" * 5
    assert stranger.get(f"/images/{image.pk}/").status_code == 302
