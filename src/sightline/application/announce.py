"""Announce maintenance on status pages: the public windows, each stretch by itself."""

from collections.abc import Sequence
from itertools import islice
from typing import Final, Protocol

from typing_extensions import override

from sightline.application.publish import Maintenance
from sightline.domain.probes.check import Check
from sightline.domain.probes.status_view import Planned
from sightline.domain.probes.window import Once, Window
from sightline.domain.tenancy import Principal, Role, Tenant
from sightline.domain.timerange import TimeRange

MOST_OF_ONE: Final = 3
"""Stretches of one recurring window that are shown."""


class Windows(Protocol):
    """The maintenance windows there are."""

    def all(self, principal: Principal) -> Sequence[Window]:
        """Those of the principal's tenant."""
        ...


class Announce(Maintenance):
    """The use case."""

    def __init__(self, windows: Windows) -> None:
        self._windows = windows

    @override
    async def planned(self, tenant: Tenant, checks: Sequence[Check], within: TimeRange) -> Sequence[Planned]:
        found = []
        for window in self._windows.all(Principal("status page", tenant, Role.READER)):
            covered = frozenset(one.id for one in checks if window.scope.includes(one))
            if not (window.is_public and window.enabled and covered):
                continue
            recurring = not isinstance(window.timing, Once)
            found += [
                Planned(window.id, window.name, span.start, span.end, covered, window.description, recurring)
                for span in islice(window.spans(within), MOST_OF_ONE)
            ]
        return found
