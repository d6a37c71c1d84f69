"""Delete series, or some time of them, and give up the room that they take."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from sightline.application.flush import Flush
from sightline.domain.labels import Matchers
from sightline.domain.metrics.freshness import Freshness
from sightline.domain.tenancy import Principal
from sightline.domain.timerange import MIN_TIME, TimeRange
from sightline.ports.clock import Clock
from sightline.ports.series import SeriesStore

_BUDGET: Final = 30.0  # seconds of cleaning at a time


class Delete:
    """The use case. clean: rewrites some of what was deleted, and tells whether there is more."""

    def __init__(
        self,
        store: SeriesStore,
        flush: Flush,
        freshness: Freshness,
        clock: Clock,
        clean: Callable[[], Awaitable[bool]],
    ) -> None:
        self._store = store
        self._flush = flush
        self._freshness = freshness
        self._clock = clock
        self._clean = clean

    async def __call__(self, principal: Principal, matcher_sets: Sequence[Matchers], within: TimeRange) -> None:
        """Delete the samples within a range, both ends included, of the principal's series that match any of the sets.

        When this returns no answer has them any more, and that survives the death of the process. It holds for what was
        acknowledged before the call; samples that come later are kept, at the same times too.

        Raises:
            Unavailable, StorageFull: perhaps not all of it is deleted; do it again.
        """
        async with self._flush.still():
            try:
                await self._store.delete(principal.tenant, matcher_sets, within)
            finally:  # also when it is not sure
                self._freshness.note(principal.tenant, MIN_TIME)

    async def clean(self) -> None:
        """Rewrite all that deletes touch, of all tenants.

        Raises:
            Unavailable, StorageFull: the rest is cleaned another time.
        """
        while await self._clean():
            pass

    async def clean_some(self) -> None:
        """Rewrite some of it, for half a minute; call it now and then. Errors as `clean`."""
        until = self._clock.monotonic() + _BUDGET
        while await self._clean() and self._clock.monotonic() < until:
            pass
