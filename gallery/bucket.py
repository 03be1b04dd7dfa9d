"""A private bucket of any server that speaks S3, as a storage of Django's.

django-storages does the rest; what is other here:

- One client for all threads of a process. Theirs is one a thread: 128 times some 60 ms and 4 MB.
- Writing what is small is one PUT: a transfer, which cuts what is large in parts, costs more. With
  it goes its SHA-256, so that the server refuses other bytes.
- Reading is one GET, and what is large goes to a file on its way and not into memory.
- An address that is given out stays the same for a while, so that browsers find in their cache
  what they fetched by it (decision 0020).
"""

import hashlib
import os
import shutil
import tempfile
import threading
import time
from base64 import b64encode
from contextlib import closing
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from botocore.auth import SIGV4_TIMESTAMP, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError
from django.core.files import File
from storages.backends.s3 import S3Storage
from storages.utils import clean_name

# An address lives so long in all, and is the same for the first half of it.
LIFE_SECONDS = 300
WINDOW_SECONDS = LIFE_SECONDS // 2
_IN_MEMORY_BYTES = 24 * 1024 * 1024
_PIECE_BYTES = 256 * 1024
_lock = threading.Lock()


class PrivateBucket(S3Storage):  # type: ignore[misc]
    """`public_endpoint_url`: where browsers reach the server, if that is another address."""

    _session: Any = None
    _resource: Any = None
    _process = 0

    def get_default_settings(self) -> dict[str, Any]:
        return {**super().get_default_settings(), "public_endpoint_url": None}

    @property
    def connection(self) -> Any:
        """Made once in each process: a fork must not share the connections of its parent."""
        with _lock:
            if self._resource is None or self._process != os.getpid():
                self._session = self._create_session()
                self._resource = self._session.resource(
                    "s3", endpoint_url=self.endpoint_url, config=self.client_config
                )
                self._process = os.getpid()
            return self._resource

    @property
    def bucket(self) -> Any:
        return self.connection.Bucket(self.bucket_name)

    def _open(self, name: str, mode: str = "rb") -> "File[bytes]":  # noqa: ARG002
        key = self._normalize_name(clean_name(name))
        try:
            found = self.connection.meta.client.get_object(Bucket=self.bucket_name, Key=key)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                raise FileNotFoundError(f"There is no {name}.") from error
            raise
        file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115 - given away
        with closing(found["Body"]) as body:
            shutil.copyfileobj(body, file, _PIECE_BYTES)
        file.seek(0)
        return File(file, name=name)

    def _save(self, name: str, content: "File[bytes]") -> str:
        if content.size >= self.transfer_config.multipart_threshold:
            saved: str = super()._save(name, content)
            return saved
        content.seek(0)
        data = content.read()
        self.put(name, data, hashlib.sha256(data).digest())
        return str(clean_name(name))

    def put(self, name: str, data: bytes, digest: bytes) -> bool:
        """In one request. Returns whether the server found the same SHA-256; some do not look."""
        key = self._normalize_name(clean_name(name))
        sha256 = b64encode(digest).decode()
        answer = self.connection.meta.client.put_object(
            Bucket=self.bucket_name,
            Key=key,
            Body=data,
            ChecksumSHA256=sha256,
            **self._get_write_parameters(key),
        )
        return bool(answer.get("ChecksumSHA256") == sha256)

    def url(
        self,
        name: str,
        parameters: dict[str, str] | None = None,
        expire: int | None = None,
        http_method: str | None = None,
    ) -> str:
        """Signed for whoever has it, to GET the object; the same until `seconds_left` is over."""
        client = self.connection.meta.client
        address = f"{self.public_endpoint_url or client.meta.endpoint_url}/{self.bucket_name}/"
        address += quote(self._normalize_name(clean_name(name)), safe="/~")
        if parameters:
            address += f"?{urlencode(parameters, quote_via=quote)}"
        request = AWSRequest(method=http_method or "GET", url=address)
        credentials = self._session.get_credentials().get_frozen_credentials()
        region = client.meta.region_name
        _Rounded(credentials, "s3", region, expires=expire or LIFE_SECONDS).add_auth(request)
        return str(request.url)


class _Rounded(S3SigV4QueryAuth):  # type: ignore[misc]
    """Signs as of the begin of the window."""

    def _modify_request_before_signing(self, request: AWSRequest) -> None:
        begin = time.time() // WINDOW_SECONDS * WINDOW_SECONDS
        request.context["timestamp"] = datetime.fromtimestamp(begin, UTC).strftime(SIGV4_TIMESTAMP)
        super()._modify_request_before_signing(request)


def seconds_left() -> int:
    """For how long an address that is made now will be made again."""
    return int(WINDOW_SECONDS - time.time() % WINDOW_SECONDS)
