"""Which addresses an outbound call may connect to."""

import ipaddress
import socket
from collections.abc import Callable

AddressRule = Callable[[str, str], bool]
"""Whether to connect to a host of this name at this IP address."""


def public_or(trusted_host: str) -> AddressRule:
    """Public addresses, and whatever address `trusted_host` has."""
    return lambda host, address: host == trusted_host or is_public(address)


def is_public(address: str) -> bool:
    """Whether an IP address, also one wrapped in IPv6, belongs to the public Internet."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        if wrapped := ip.ipv4_mapped or ip.sixtofour or _behind_nat64(ip):
            return is_public(str(wrapped))
        if ip.is_site_local:
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def may_be_public(host: str) -> bool:
    """Whether a host is named so that it may be public, without a look-up.

    "127.1", "0x7f.1" and 2130706433 are addresses too, to whoever connects to them.
    """
    try:
        return is_public(host)
    except ValueError:
        pass
    try:
        return is_public(socket.inet_ntoa(socket.inet_aton(host)))
    except OSError:
        name = host.lower().removesuffix(".")
        return "." in name and not name.endswith(_OF_NETWORKS)


_OF_NETWORKS = (".localhost", ".localdomain", ".local", ".internal", ".lan", ".home.arpa")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def _behind_nat64(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None
