"""Signs what is sent, as Standard Webhooks 1.0 has it (https://www.standardwebhooks.com).

A secret has to be had again for every signature, so a hash of it would not do. It is not kept
either: it is derived from SECRET_KEY and a seed in the webhook's row. So the database alone
signs nothing, there is no second key to look after, and another SECRET_KEY makes other secrets;
those of SECRET_KEY_FALLBACKS sign beside it.
"""

import base64
from datetime import datetime

from django.conf import settings
from django.utils.crypto import salted_hmac
from standardwebhooks import Webhook as Signer

from studio.models import Webhook

_BYTES = 30  # of 24 to 64 that the standard allows: base64 then needs no padding


def secret_of(seed: str, *, key: str | None = None) -> str:
    """As it is shown to people, once; from SECRET_KEY, or from a former one."""
    derived = salted_hmac("easel.webhooks", seed, secret=key, algorithm="sha256").digest()
    return "whsec_" + base64.b64encode(derived[:_BYTES]).decode()


def ending_of(seed: str) -> str:
    """So that people can tell which secret they have."""
    return secret_of(seed)[-4:]


def headers(webhook: Webhook, *, event_id: str, body: str, at: datetime) -> dict[str, str]:
    """What goes along with `body`: with more signatures while former secrets still count."""
    keys = [None, *settings.SECRET_KEY_FALLBACKS]
    secrets = [secret_of(seed, key=key) for seed in _seeds(webhook, at) for key in keys]
    signatures = [Signer(secret).sign(event_id, at, body) for secret in secrets]
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _seeds(webhook: Webhook, at: datetime) -> list[str]:
    if webhook.old_seed_until and at < webhook.old_seed_until:
        return [webhook.seed, webhook.old_seed]
    return [webhook.seed]
