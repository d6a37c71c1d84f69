"""What tells incidents of one cause from others."""

from typing import Final

from sightline.domain.probes.address import address_of
from sightline.domain.probes.check import Definition
from sightline.domain.timerange import MINUTE

TOGETHER: Final = 5 * MINUTE
"""Incidents of one cause that begin within this of the first are one."""


def cause_of(definition: Definition, reason: str) -> str:
    """The reason of a probe and whom it is about."""
    return f"{reason} {address_of(definition.url).host or definition.name}"
