"""Places from which checks are probed, and what each of them probes when."""

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from sightline.domain.errors import InvalidField
from sightline.domain.probes.check import Check, Definition
from sightline.domain.probes.options import Heartbeat
from sightline.domain.probes.result import HERE
from sightline.domain.tenancy import Tenant

MAX_NAME: Final = 63
MAX_DESCRIPTION: Final = 500
"""Characters."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", re.ASCII)

_GOLDEN: Final = 0x9E3779B97F4A7C15
"""2^64 divided by the golden ratio: multiples of it, the bits above 64 dropped, lie evenly however many there are."""
_BITS: Final = 64


def probed_from(definition: Definition, location: str) -> bool:
    """Whether a check is probed from a location, now."""
    return definition.is_probed and scheduled_at(definition, location)


def scheduled_at(definition: Definition, location: str) -> bool:
    """Whether a check that is known there is worked out there, now: that of what asks nobody is wherever it is known."""
    if not definition.enabled or isinstance(definition.options, Heartbeat):
        return False
    return concerns(definition, location)


def concerns(definition: Definition, location: str) -> bool:
    """Whether a location may tell how a check is: one that asks nobody is told of wherever it is known."""
    return not definition.is_probed or not definition.locations or location in definition.locations


def phase(check: Check, location: str) -> int:
    """Where in each interval of the wall clock it is probed from there, ms: evenly spread, and the same after a restart.

    Two locations do not probe it in the same instant.
    """
    place = (check.id * _GOLDEN + _start(location)) % (1 << _BITS)
    return place * check.definition.interval >> _BITS


@lru_cache(64)
def _start(location: str) -> int:
    return int.from_bytes(hashlib.blake2b(location.encode(), digest_size=8).digest(), "little")


@dataclass(frozen=True, slots=True)
class Location:
    """A place from which a program beside this one probes a tenant's checks. Times are ms.

    key_hash: SHA-256 of its key, in hexadecimal; the key itself is nowhere. keyed_at: when that key was made.
    """

    tenant: Tenant
    name: str
    key_hash: str
    created_at: int
    keyed_at: int
    description: str = ""


def check_location(name: str, description: str = "") -> None:
    """Check what people write of a location.

    Raises:
        InvalidField: names the field.
    """
    if not _NAME.fullmatch(name):
        raise InvalidField(
            f"name: {name[:80]!r} is not valid: use up to {MAX_NAME} letters, digits, dots, hyphens and underscores, "
            "the first a letter or a digit",
            field="name",
        )
    if name == HERE:
        raise InvalidField(f"name: {HERE!r} is this program's own place", field="name")
    if len(description) > MAX_DESCRIPTION:
        message = f"description: has {len(description)} characters; {MAX_DESCRIPTION} are allowed"
        raise InvalidField(message, field="description")
