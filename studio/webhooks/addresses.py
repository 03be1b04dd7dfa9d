"""Which addresses a webhook may have: public ones, and the hosts of WEBHOOK_PRIVATE_HOSTS.

Checked when it is added, so that a mistake is said at once, and again at each connection, since
a name may lead elsewhere by then. Redirects are not followed, so they lead nowhere.
"""

import re

import httpcore
import httpx
from django.conf import settings

from studio.engines.addresses import is_public
from studio.engines.transport import deadline, resolve

MAX_LENGTH = 500
_LOOKUP_SECONDS = 5.0


class BadAddress(Exception):
    """The message is a sentence for the person who gave the address."""


def allows(host: str, address: str) -> bool:
    return _is_trusted(host) or is_public(address)


def check(text: str) -> str:
    """The address as it is kept. Looks its name up. Raises BadAddress."""
    url = _parsed(text)
    host = url.raw_host.decode()
    if url.scheme != "https" and not (_is_trusted(host) or settings.SITE_URL.startswith("http:")):
        raise BadAddress("Use an https address: what is sent is not for everybody on the way.")
    if not all(allows(host, each) for each in _addresses(host, url)):
        raise BadAddress(
            f"{host} is at a private address, which webhooks may not reach. "
            "Who runs this Easel can allow it."
        )
    return str(url)


def _parsed(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text.strip())
    except httpx.InvalidURL as error:
        raise BadAddress("This is no address.") from error
    if url.scheme not in ("https", "http") or not url.raw_host:
        raise BadAddress("Give a whole address, like https://example.com/easel.")
    if not re.fullmatch(rb"[\w.:-]+", url.raw_host) or not 1 <= _port(url) <= 65_535:
        raise BadAddress("This is no address.")
    if url.userinfo:
        raise BadAddress("Leave out the name and password: every event is signed instead.")
    if url.fragment:
        raise BadAddress("Leave out the part after #: it is never sent.")
    if len(str(url)) > MAX_LENGTH:
        raise BadAddress(f"An address has at most {MAX_LENGTH} characters.")
    return url


def _addresses(host: str, url: httpx.URL) -> list[str]:
    try:
        with deadline(_LOOKUP_SECONDS):
            return resolve(host, _port(url))
    except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
        raise BadAddress(f"{host} is not known just now. Is it spelled right?") from error


def _port(url: httpx.URL) -> int:
    return {"https": 443, "http": 80}[url.scheme] if url.port is None else url.port


def _is_trusted(host: str) -> bool:
    return host.lower() in settings.WEBHOOK_PRIVATE_HOSTS
