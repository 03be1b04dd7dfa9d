from django import forms

from studio.webhooks.addresses import MAX_LENGTH


class WebhookForm(forms.Form):
    """`webhook_id` goes out with the form, so that a form that is sent twice adds one webhook."""

    url = forms.CharField(
        label="Address",
        max_length=MAX_LENGTH,
        help_text="Where your program listens, like https://example.com/easel.",
        error_messages={"required": "Give the address at which your program listens."},
        widget=forms.URLInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    webhook_id = forms.UUIDField(
        widget=forms.HiddenInput,
        error_messages={"required": "Load the page again.", "invalid": "Load the page again."},
    )
