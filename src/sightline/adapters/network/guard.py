"""Keeps what people write into settings from reaching the metadata of a cloud's machines, which hands out credentials.

Sources: RFC 3927 and RFC 4291 for link-local addresses; the clouds' own pages for the others.
"""

import errno
import ipaddress
import socket
from typing import Any, Final

SETTING: Final = "alerts.allow_metadata_addresses"
"""The setting that turns the guard off."""

_NETWORKS: Final = tuple(
    ipaddress.ip_network(text)
    for text in (
        "169.254.0.0/16",  # link-local, 169.254.169.254 of nearly all clouds among them
        "fe80::/10",  # link-local
        "fd00:ec2::/32",  # Amazon
        "fd20:ce::254/128",  # Google
        "100.100.100.200/32",  # Alibaba
        "168.63.129.16/32",  # Azure's agent
        "192.0.0.192/32",  # Oracle
    )
)
_TRANSLATED: Final = ipaddress.ip_network("64:ff9b::/96")


def is_metadata(address: str) -> bool:
    """Whether an address in numbers is link-local or one of a cloud's metadata, also as IPv6 writes IPv4; false for names."""
    try:
        found = ipaddress.ip_address(address.strip("[]"))
    except ValueError:
        return False
    return any(one in network for one in (found, *_within(found)) for network in _NETWORKS)


def _within(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """The IPv4 addresses that an IPv6 address stands for."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    translated = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in _TRANSLATED else None
    return [one for one in (address.ipv4_mapped, address.sixtofour, translated) if one is not None]


class Guard:
    """Makes the sockets of one attempt, and none to an address that is not allowed.

    What is looked at is the address that is connected to, so that a name cannot lead elsewhere after it was looked up. refused:
    the last such address; empty where there was none. passed: whether another was connected to, as a name may have several.
    """

    def __init__(self, *, allow: bool = False) -> None:
        self._allow = allow
        self.refused = ""
        self.passed = False

    def check(self, address: str) -> None:
        """Look at an address in numbers; names pass.

        Raises:
            OSError: it is not allowed.
        """
        if not self._allow and is_metadata(address):
            self.refused = address
            raise OSError(errno.EACCES, f"{address} is a link-local address or one of a cloud's metadata")

    def socket(self, info: tuple[Any, ...]) -> socket.socket:
        """A socket for an address as `getaddrinfo` gives them.

        Raises:
            OSError: it is not allowed.
        """
        family, kind, protocol, _, address = info
        self.check(str(address[0]))
        self.passed = True
        return socket.socket(family, kind, protocol)

    def advice(self, host: str) -> str:
        """What is said of a host at a refused address."""
        where = "" if self.refused == host.strip("[]") else f" is at {self.refused}, which"
        return f"{host}{where} is a link-local address or one of a cloud's metadata: set {SETTING} if that is meant"
