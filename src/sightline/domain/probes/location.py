"""Places from which checks are probed, and what each of them probes when."""

import hashlib
from functools import lru_cache
from typing import Final

from sightline.domain.probes.check import Check, Definition
from sightline.domain.probes.options import Heartbeat

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
