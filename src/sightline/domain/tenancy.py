"""Whose data it is and who asks: carried by every use-case call from the first day."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NewType

from sightline.domain.errors import InvalidTenant

Tenant = NewType("Tenant", str)
"""A name that separates data completely: what is written under one tenant is never seen under another."""

DEFAULT_TENANT: Final = Tenant("default")

# The character set Mimir and Loki accept for X-Scope-OrgID, so that their clients need no change.
_TENANT: Final = re.compile(r"[A-Za-z0-9!\-_.*'()]{1,150}")


def tenant(name: str) -> Tenant:
    """Check a tenant name.

    Raises:
        InvalidTenant: empty, longer than 150 characters, or with a character outside `A-Z a-z 0-9 ! - _ . * ' ( )`.
    """
    if not _TENANT.fullmatch(name) or name in {".", ".."}:
        message = f"tenant {name[:160]!r} is not valid: use 1 to 150 of the characters A-Z a-z 0-9 ! - _ . * ' ( )"
        raise InvalidTenant(message)
    return Tenant(name)


class Role(StrEnum):
    """What a principal may do, from least to most."""

    READER = "reader"
    WRITER = "writer"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks, for which tenant, and with which role."""

    who: str
    tenant: Tenant
    role: Role = Role.ADMIN


LOCAL: Final = Principal("local", DEFAULT_TENANT)
"""The program itself, writing what it observes of its own machine into the default tenant."""
