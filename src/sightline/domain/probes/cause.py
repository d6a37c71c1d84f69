"""What tells incidents of one cause from others."""

import re
from typing import Final

from sightline.domain.probes.check import Definition
from sightline.domain.timerange import MINUTE

TOGETHER: Final = 5 * MINUTE
"""Incidents of one cause that begin within this of the first are one."""


_AUTHORITY: Final = re.compile(r"((?:[a-zA-Z][a-zA-Z0-9+.-]*:)?//)?([^/?#]*)(.*)", re.DOTALL)
"""Scheme, authority, and what follows (RFC 3986); without a scheme all before a slash is authority."""


def _parts(url: str) -> tuple[str, str, str]:
    found = _AUTHORITY.fullmatch(url)
    return (found[1] or "", found[2], found[3]) if found is not None else ("", url, "")


def host_of(url: str) -> str:
    """The host of what is probed, without port and credentials."""
    place = _parts(url)[1].rpartition("@")[2]
    if place.startswith("["):
        return place[1:].partition("]")[0]
    return place if place.count(":") > 1 else place.partition(":")[0]


def shown_url(url: str) -> str:
    """An address as people may see it: without user name and password."""
    scheme, place, rest = _parts(url)
    return f"{scheme}{place.rpartition('@')[2]}{rest}"


def cause_of(definition: Definition, reason: str) -> str:
    """The reason of a probe and whom it is about."""
    return f"{reason} {host_of(definition.url) or definition.name}"
