"""A server that reports, as it registered itself."""

from dataclasses import dataclass, field
from typing import Final

from sightline.domain.errors import InvalidField
from sightline.domain.labels import LabelLimits, Labels
from sightline.domain.tenancy import Tenant

HOSTNAME_CHARACTERS: Final = 253
"""As many as a name of the DNS may have (RFC 1035)."""
TEXT_CHARACTERS: Final = 256
"""Of the texts that a server says about itself: os and agent_version."""


@dataclass(frozen=True, slots=True)
class Registration:
    """What a server says about itself. `labels` have no metric name; texts may be empty, `hostname` may not."""

    hostname: str
    ip_address: str = ""
    os: str = ""
    labels: Labels = field(default_factory=Labels)
    agent_version: str = ""


@dataclass(frozen=True, slots=True)
class Server:
    """A registered server. Its hostname is unique within the tenant and never changes.

    id: a UUID in lower case with hyphens. created_at, updated_at: when it registered first and last; last_seen: when its last
    report came, None before the first; all in ms.
    """

    id: str
    tenant: Tenant
    about: Registration
    created_at: int
    updated_at: int
    last_seen: int | None = None


def check_registration(registration: Registration, limits: LabelLimits) -> None:
    """Refuse a registration that cannot be stored or shown.

    Raises:
        InvalidField: the message names the field and the rule or limit it breaks.
    """
    if not registration.hostname.strip():
        raise _invalid("hostname", "is empty: a server is known by it")
    if registration.hostname != registration.hostname.strip():  # two servers that nobody could tell apart
        raise _invalid("hostname", f"{registration.hostname[:60]!r} begins or ends with a blank")
    _check_text("hostname", registration.hostname, HOSTNAME_CHARACTERS)
    _check_text("os", registration.os, TEXT_CHARACTERS)
    _check_text("agent_version", registration.agent_version, TEXT_CHARACTERS)
    if len(registration.labels) > limits.labels:
        raise _invalid("labels", f"{len(registration.labels)} labels: intake.labels allows {limits.labels}")
    for name, value in registration.labels:
        if not name or "\x00" in name + value:
            raise _invalid("labels", f"label {name[:40]!r} has an empty name or holds a NUL byte")
        if len(name.encode()) > limits.name_bytes:
            raise _invalid(
                "labels", f"name {name[:40]!r}... is longer than intake.label_name_bytes = {limits.name_bytes}"
            )
        if len(value.encode()) > limits.value_bytes:
            raise _invalid(
                "labels", f"the value of {name!r} is longer than intake.label_value_bytes = {limits.value_bytes}"
            )


def _check_text(name: str, text: str, most: int) -> None:
    if len(text) > most:
        raise _invalid(name, f"{len(text)} characters, and {most} are allowed")
    if not text.isprintable():
        raise _invalid(name, f"{text[:60]!r} holds a character that cannot be shown")


def _invalid(name: str, reason: str) -> InvalidField:
    return InvalidField(f"{name}: {reason}", field=name)
