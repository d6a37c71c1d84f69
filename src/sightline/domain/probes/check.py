"""A check: what is probed, how often, what is well, and who is asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from msgspec import Meta, Struct, field

from sightline.domain.probes.options import AnyOptions, Composed, Heartbeat, Promql
from sightline.domain.timerange import MINUTE, SECOND

MIN_INTERVAL: Final = SECOND
MARGIN: Final = 150
"""Ms before its next probe by which a probe is over."""
MAX_NAME: Final = 200
"""Characters of a check's name."""


def room(interval: int) -> int:
    """Ms that all attempts of a probe may take together that is due at each interval, ms."""
    return max(interval - MARGIN, interval // 2)


class Definition(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What people write of a check. Durations are in ms.

    name: unique within a tenant. url: what is probed, as its kind writes it: a URL, `host:port`, a host or a domain; empty for what
    is asked of nobody (heartbeat, promql, composed). conditions: what must hold of each answer, as `condition.py` has it.
    retries: attempts more, `retry_interval` apart, before a probe counts as failed. failures, successes: how many probes in a row
    make a check down, and up again. depends_on: checks, by name, without which this one cannot be reached. locations: where it is
    probed from; empty everywhere. quorum: how many locations must find it down; 0 more than half of those that are heard.
    group: under which heading it is listed. tags: become labels of its series. trace: whether probes carry a sampled trace.
    notify: whether an incident becomes an alert. severity: the label of that alert.
    """

    name: str
    url: str = ""
    options: AnyOptions
    enabled: bool = True
    interval: Annotated[int, Meta(ge=MIN_INTERVAL)] = MINUTE
    timeout: Annotated[int, Meta(ge=1)] = 10 * SECOND
    retries: Annotated[int, Meta(ge=0, le=10)] = 0
    retry_interval: Annotated[int, Meta(ge=0)] = SECOND
    failures: Annotated[int, Meta(ge=1, le=100)] = 1
    successes: Annotated[int, Meta(ge=1, le=100)] = 1
    conditions: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()
    quorum: Annotated[int, Meta(ge=0)] = 0
    group: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    runbook_url: str = ""
    trace: bool = True
    notify: bool = True
    severity: str = "critical"

    @property
    def kind(self) -> str:
        """What is probed: `http`, `tcp` and so on."""
        return str(type(self.options).__struct_config__.tag)

    @property
    def room(self) -> int:
        """Ms that all attempts of a probe may take together, so that a check is never late of itself."""
        return room(self.interval)

    @property
    def longest(self) -> int:
        """Ms that a probe takes at most, all its attempts and what lies between them."""
        return min(self.room, (self.retries + 1) * self.timeout + self.retries * self.retry_interval)

    @property
    def is_probed(self) -> bool:
        """Whether something out there is asked, wherever a location is."""
        return not isinstance(self.options, Heartbeat | Promql | Composed)


@dataclass(frozen=True, slots=True)
class Check:
    """A check as it is stored. id: given once and never again. created_at, updated_at: ms. version: grows with every change."""

    id: int
    definition: Definition
    created_at: int
    updated_at: int
    version: int = 1

    @property
    def name(self) -> str:
        """What people call it."""
        return self.definition.name
