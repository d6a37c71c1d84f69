"""How a target is probed, one kind of check at a time."""

from dataclasses import dataclass
from typing import Protocol

from sightline.domain.probes.check import Definition
from sightline.domain.probes.outcome import Outcome
from sightline.domain.tenancy import DEFAULT_TENANT, Tenant


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is to be tried: within `timeout` seconds from the call on. traceparent: W3C's header, empty to send none.

    tenant: whose check it is, for what is asked of this program itself.
    """

    definition: Definition
    timeout: float
    traceparent: str = ""
    tenant: Tenant = DEFAULT_TENANT


class Prober(Protocol):
    """Asks something out there, and tells what it saw.

    Whatever happens is an Outcome with a reason: it never raises but for cancellation, and never takes longer than the timeout
    and a tenth of a second. Probes do not disturb one another; as many may be under way as are asked for. Cancellation leaves
    nothing open. Bytes are read as far as the kind's bounds, and decompressed no further. Addresses that the guard denies are
    not connected to (ADDRESS_DENIED), redirects and lookups included. Messages name the cause in words that a person can act on,
    and never a password, a token, or credentials of a URL.
    """

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of check that it probes, as `Definition.kind` has them."""
        ...

    async def probe(self, attempt: Attempt) -> Outcome:
        """Try once."""
        ...
