"""Keeps what people write into settings from reaching the metadata of a cloud's machines, which hands out credentials.

Sources: RFC 3927 and RFC 4291 for link-local addresses; the clouds' own pages for the others.
"""

import errno
import ipaddress
import socket
from collections.abc import Iterable
from typing import Any, Final

from sightline.domain.errors import SettingsInvalid

SETTING: Final = "alerts.allow_metadata_addresses"
"""The setting that turns the guard off for channels."""

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network

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
_KEPT: Final = 10_000
"""Addresses whose judgement is remembered."""


def is_metadata(address: str) -> bool:
    """Whether an address in numbers is link-local or one of a cloud's metadata, also as IPv6 writes IPv4; false for names."""
    return _is_in(_forms(address), _NETWORKS)


def networks(texts: Iterable[str], setting: str) -> tuple[_Network, ...]:
    """Networks or single addresses, as a setting lists them.

    Raises:
        SettingsInvalid: one of them is neither.
    """
    try:
        return tuple(ipaddress.ip_network(text.strip(), strict=False) for text in texts)
    except ValueError as error:
        raise SettingsInvalid(f"{setting}: {error}: write networks as 169.254.10.0/24", key=setting) from None


def _forms(address: str) -> tuple[_Address, ...]:
    """What an address in numbers stands for: itself, and the IPv4 addresses within it; empty for names."""
    try:
        found = ipaddress.ip_address(address.strip("[]"))
    except ValueError:
        return ()
    return (found, *_within(found))


def _within(address: _Address) -> list[ipaddress.IPv4Address]:
    """The IPv4 addresses that an IPv6 address stands for."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    translated = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in _TRANSLATED else None
    return [one for one in (address.ipv4_mapped, address.sixtofour, translated) if one is not None]


def _is_in(forms: Iterable[_Address], found: tuple[_Network, ...]) -> bool:
    return any(one in network for one in forms for network in found)


class Policy:
    """Which addresses may be connected to.

    allow: whether metadata and link-local ones may. allowed: networks that may be whatever else is said. denied: further ones
    that may not. setting, deny_setting: what lists them, as messages name it; without the latter the former is a switch.
    """

    def __init__(
        self,
        *,
        allow: bool = False,
        allowed: tuple[_Network, ...] = (),
        denied: tuple[_Network, ...] = (),
        setting: str = SETTING,
        deny_setting: str = "",
    ) -> None:
        self._allow = allow
        self._allowed = allowed
        self._denied = denied
        self._setting = setting
        self._deny_setting = deny_setting
        self._judged: dict[str, str] = {}

    def why_not(self, address: str) -> str:
        """Why an address in numbers may not be connected to; empty where it may, and for names."""
        found = self._judged.get(address)
        if found is None:
            if len(self._judged) >= _KEPT:
                self._judged.clear()
            found = self._judged[address] = self._judge(_forms(address))
        return found

    @property
    def advice(self) -> str:
        """What is to be done about an address that may not be connected to."""
        return f"{'add it to' if self._deny_setting else 'set'} {self._setting} if that is meant"

    def _judge(self, forms: tuple[_Address, ...]) -> str:
        if _is_in(forms, self._allowed):
            return ""
        if _is_in(forms, self._denied):
            return f"among what {self._deny_setting} denies"
        if not self._allow and _is_in(forms, _NETWORKS):
            return "a link-local address or one of a cloud's metadata"
        return ""


_CHANNELS: Final = Policy()
_CHANNELS_ALLOWED: Final = Policy(allow=True)


class Guard:
    """Makes the sockets of one attempt, and none to an address that is not allowed.

    What is looked at is the address that is connected to, so that a name cannot lead elsewhere after it was looked up. refused:
    the last such address; empty where there was none. passed: whether another was connected to, as a name may have several.
    """

    def __init__(self, *, allow: bool = False, policy: Policy | None = None) -> None:
        self._policy = policy or (_CHANNELS_ALLOWED if allow else _CHANNELS)
        self.refused = ""
        self.passed = False

    def check(self, address: str) -> None:
        """Look at an address in numbers; names pass.

        Raises:
            OSError: it is not allowed.
        """
        if why := self._policy.why_not(address):
            self.refused = address
            raise OSError(errno.EACCES, f"{address} is {why}")

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
        return f"{host}{where} is {self._policy.why_not(self.refused or host)}: {self._policy.advice}"
