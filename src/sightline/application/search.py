"""What can be asked about: label names, label values and series, within bounds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from sightline.domain.errors import InvalidParameter
from sightline.domain.labels import Labels, Matchers
from sightline.domain.tenancy import Principal
from sightline.domain.timerange import TimeRange
from sightline.ports.series import SeriesReader

_Item = TypeVar("_Item")

DEFAULT_MAX_RESULTS: Final = 100_000
"""`search.max_results`: as many series as fill an answer of about 20 MB."""


@dataclass(frozen=True, slots=True)
class SearchLimits:
    """max_results: how many items one answer holds at most, and holds when the caller names no limit (`search.max_results`)."""

    max_results: int = DEFAULT_MAX_RESULTS


@dataclass(frozen=True, slots=True)
class Found(Generic[_Item]):
    """Items in ascending order. `truncated`: there are more than `limit`; an API says so in a warning."""

    items: list[_Item]
    limit: int
    truncated: bool


class Search:
    """Answers for the principal's tenant alone.

    Each question takes several matcher sets and answers for their union; no sets mean all series. A series counts when it was seen
    in the range, give or take an hour; in a range that ends before it starts nothing was. `limit` of None or 0 is
    `search.max_results`, and a larger one is lowered to it.

    Errors: InvalidParameter for a negative limit; those of the series port.
    """

    def __init__(self, reader: SeriesReader, limits: SearchLimits | None = None) -> None:
        self._reader = reader
        self._limits = limits or SearchLimits()

    async def label_names(
        self, principal: Principal, matcher_sets: Sequence[Matchers], within: TimeRange, limit: int | None = None
    ) -> Found[str]:
        """The names of all labels that matching series carry."""
        most = self._most(limit)
        if within.end < within.start:
            return _found([], most)
        return _found(await self._reader.label_names(principal.tenant, matcher_sets, within, most + 1), most)

    async def label_values(
        self,
        principal: Principal,
        name: str,
        matcher_sets: Sequence[Matchers],
        within: TimeRange,
        limit: int | None = None,
    ) -> Found[str]:
        """The values that a label has on matching series."""
        most = self._most(limit)
        if within.end < within.start:
            return _found([], most)
        return _found(await self._reader.label_values(principal.tenant, name, matcher_sets, within, most + 1), most)

    async def series(
        self, principal: Principal, matcher_sets: Sequence[Matchers], within: TimeRange, limit: int | None = None
    ) -> Found[Labels]:
        """The label sets of matching series."""
        most = self._most(limit)
        if within.end < within.start:
            return _found([], most)
        return _found(await self._reader.series(principal.tenant, matcher_sets, within, most + 1), most)

    def _most(self, limit: int | None) -> int:
        if limit is not None and limit < 0:
            raise InvalidParameter(f"limit is {limit}: give 0 for search.max_results, or more", parameter="limit")
        return min(limit or self._limits.max_results, self._limits.max_results)


def _found(items: list[_Item], limit: int) -> Found[_Item]:
    return Found(items[:limit], limit, truncated=len(items) > limit)
