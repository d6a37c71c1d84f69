"""What is told on the bus, and under which topics it goes to other machines."""

from dataclasses import dataclass
from typing import Final

from sightline.domain.alerts.notice import Notice
from sightline.domain.metrics.samples import WriteBatch
from sightline.domain.probes.incident import Incident
from sightline.domain.probes.result import Result
from sightline.domain.probes.state import Transition
from sightline.domain.tenancy import Tenant


@dataclass(frozen=True, slots=True, eq=False)
class SamplesStored:
    """Samples were acknowledged. The batch must not be changed by those who receive it."""

    tenant: Tenant
    batch: WriteBatch


@dataclass(frozen=True, slots=True, eq=False)
class AlertChanged:
    """An alert moved from one state to another."""

    tenant: Tenant
    notice: Notice


@dataclass(frozen=True, slots=True, eq=False)
class ProbesFinished:
    """Results came in, of any of the tenant's checks."""

    tenant: Tenant
    results: tuple[Result, ...]


@dataclass(frozen=True, slots=True, eq=False)
class CheckMoved:
    """A check went from one state to another."""

    tenant: Tenant
    transition: Transition


@dataclass(frozen=True, slots=True, eq=False)
class IncidentChanged:
    """An incident began, ended, or something was added to it."""

    tenant: Tenant
    incident: Incident


Event = SamplesStored | AlertChanged | ProbesFinished | CheckMoved | IncidentChanged

TOPICS: Final = {
    SamplesStored: "samples",
    AlertChanged: "alerts",
    ProbesFinished: "probes.results",
    CheckMoved: "probes.states",
    IncidentChanged: "incidents",
}
"""What each kind of event is called where it leaves the process."""


def topic(event: Event) -> str:
    """The topic of an event, `sightline.<tenant>.<kind>`; characters of a tenant that topics have a meaning for are replaced."""
    tenant = "".join(letter if letter.isalnum() or letter in "-_" else f"={ord(letter):02x}" for letter in event.tenant)
    return f"sightline.{tenant}.{TOPICS[type(event)]}"
