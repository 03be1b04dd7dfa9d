from django import forms

from accounts.once import OnceForm
from studio.webhooks.addresses import MAX_LENGTH


class WebhookForm(OnceForm):
    url = forms.CharField(
        label="Address",
        max_length=MAX_LENGTH,
        help_text="Where your program listens, like https://example.com/easel.",
        error_messages={"required": "Give the address at which your program listens."},
        widget=forms.URLInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
