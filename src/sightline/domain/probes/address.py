"""Where a check's url leads to, and how it is shown: never with what opens the door."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from sightline.domain.probes.secret_names import without_secret_parameters

_URL: Final = re.compile(
    r"(?:([A-Za-z][A-Za-z0-9+.-]*)://)?(?:[^/?#]*@)?(\[[^\]]*\]|[^:/?#]*)(?::([0-9]{1,5})(?![0-9]))?"
)
_IPV6: Final = re.compile(r"[0-9A-Fa-f.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f.:]*")
"""Without brackets, as pings have it."""
_PORTS: Final = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_REMEMBERED: Final = 16_384
"""Addresses whose parts are remembered: taking one apart costs as much as the rest of a span."""


@dataclass(frozen=True, slots=True)
class Address:
    """shown: the url without user name, password and values of secret parameters.

    host: without brackets. port: None where neither url nor scheme has one.
    """

    shown: str
    host: str
    port: int | None


@lru_cache(_REMEMBERED)
def address_of(url: str) -> Address:
    """Take a url apart, as the kinds of check write it: a URL, `host:port`, a host or a domain."""
    if _IPV6.fullmatch(url):
        return Address(url, url, None)
    found = _URL.match(url)
    if found is None:
        return Address("", "", None)
    scheme, host, port = found.groups()
    shown = f"{f'{scheme}://' if scheme else ''}{without_secret_parameters(url[found.start(2) :])}"
    return Address(shown, host.strip("[]"), int(port) if port else _PORTS.get((scheme or "").lower()))
