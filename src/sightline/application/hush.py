"""Hush alerts about checks that are in maintenance, whoever raised them."""

from typing import Final, Protocol

from sightline.application.enroll import Enroll
from sightline.application.maintain import Maintain
from sightline.domain.alerts.pipeline.batch import MaintainedBy
from sightline.domain.errors import NotFound
from sightline.domain.labels import Labels
from sightline.domain.probes.alert import CHECK
from sightline.domain.probes.check import Check
from sightline.domain.probes.standing import Standing
from sightline.domain.probes.state import CheckState, StateReason
from sightline.domain.probes.voice import silent_after
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import MINUTE
from sightline.ports.clock import Clock

JUST_OVER: Final = "one that is over just now"
"""In place of a window's name where it ended while the program was not there."""

PATIENCE: Final = 10 * MINUTE
"""How long a probe is waited for after a window at most, ms."""


class KnowStanding(Protocol):
    """The part of assessing that this needs."""

    def standing(self, tenant: Tenant, check: int, /) -> Standing:
        """How a check stands.

        Raises:
            NotFound: the tenant has no such check, or it is not followed yet.
        """
        ...


class Hush:
    """The use case. An alert is about the check that its label `check` names, be it the check's own or a rule's over its series.

    It is hushed while a window covers the check, and until it was found out how the check is after that, for a while: what was put
    right during maintenance is told to have ended, and not that it still fires.
    """

    def __init__(self, enroll: Enroll, windows: Maintain, clock: Clock) -> None:
        self._enroll = enroll
        self._windows = windows
        self._clock = clock
        self._assess: KnowStanding | None = None
        self._last: dict[int, tuple[str, ...]] = {}

    def follow(self, assess: KnowStanding) -> None:
        """Go by how checks stand, too, from now on."""
        self._assess = assess

    async def load(self) -> None:
        """Return when it is known which checks and windows there are.

        Raises:
            Unavailable: they cannot be read.
        """
        await self._enroll.load()
        await self._windows.load()

    def maintaining(self, tenant: Tenant) -> MaintainedBy:
        """What gives the names of the windows that hush an alert of a tenant by its labels; good for one look at what is due."""
        coverage = self._windows.current(tenant)

        def maintained_by(labels: Labels) -> tuple[str, ...]:
            name = labels.get(CHECK)
            enrolled = self._enroll.named(tenant, name) if name else None
            if enrolled is None:
                return ()
            check = enrolled.check
            windows = tuple(one.name for one in coverage.windows(check))
            if windows:
                self._last[check.id] = windows
                return windows
            if self._is_unsettled(tenant, check):
                return self._last.get(check.id, (JUST_OVER,))
            self._last.pop(check.id, None)
            return ()

        return maintained_by

    def _is_unsettled(self, tenant: Tenant, check: Check) -> bool:
        """Whether it has yet to be noticed that a window is over, or a probe has yet to tell how the check is since."""
        if self._assess is None:
            return False
        try:
            latest = self._assess.standing(tenant, check.id).latest
        except NotFound:
            return False
        if latest.reason is StateReason.WINDOW_OVER:
            return self._clock.now() - latest.at < min(silent_after(check.definition), PATIENCE)
        return latest.state is CheckState.MAINTENANCE
