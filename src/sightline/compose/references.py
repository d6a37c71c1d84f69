"""What is practically always reached, by which a place knows whether it is cut off."""

from collections.abc import Callable

from sightline.application.vouch import Vouch
from sightline.compose.probers import policy_of
from sightline.domain.errors import InvalidField, SettingsInvalid
from sightline.domain.probes.reference import MAX_REFERENCES, Reference, parse_reference
from sightline.domain.probes.result import Result
from sightline.domain.tenancy import Tenant
from sightline.ports.clock import Clock
from sightline.ports.telemetry import Telemetry
from sightline.settings.schema import Settings

_KEY = "checks.references"


def references_of(settings: Settings) -> tuple[Reference, ...]:
    """The references that settings name, each once.

    Raises:
        SettingsInvalid: one of them is none, or there are too many.
    """
    written = settings.checks.references
    if len(written) > MAX_REFERENCES:
        message = f"{_KEY} has {len(written)} entries; {MAX_REFERENCES} are allowed, and two or three are enough"
        raise SettingsInvalid(message, key=_KEY)
    try:
        return tuple(dict.fromkeys(map(parse_reference, written)))
    except InvalidField as error:
        raise SettingsInvalid(f"{_KEY}: {error.message}", key=_KEY) from None


def make_vouch(
    settings: Settings, tell: Callable[[tuple[Tenant, Result]], None], clock: Clock, telemetry: Telemetry, location: str
) -> Vouch:
    """What vouches for results that fail at a location; it has no references yet.

    Raises:
        SettingsInvalid: networks that are none.
    """
    from sightline.adapters.network.dialling import Dialler
    from sightline.adapters.network.guard import Guard
    from sightline.adapters.outbound.tcp_scout import TcpScout

    policy = policy_of(settings)
    scout = TcpScout(Dialler(lambda: Guard(policy=policy)))
    return Vouch(scout, tell, clock, telemetry, location=location)
