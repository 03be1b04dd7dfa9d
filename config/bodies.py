"""Gives a body that comes in chunks its length. Without one, it would be empty to Django.

OpenAI's SDK for Node sends photos so.
"""

import io
from collections.abc import Callable, Iterable
from typing import Any

# A photo of 20 MB as base64, and the words around it
MAX_BODY_BYTES = 28 * 1024 * 1024

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def measured(application: Application) -> Application:
    """One byte more than may come is enough to be refused for."""

    def call(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        is_chunked = "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower()
        if is_chunked and not environ.get("CONTENT_LENGTH"):
            body = environ["wsgi.input"].read(MAX_BODY_BYTES + 1)
            environ["wsgi.input"] = io.BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body))
        return application(environ, start_response)

    return call
