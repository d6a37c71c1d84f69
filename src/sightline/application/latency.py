"""How long the probes of checks took in the last day, from their series, for status pages and badges."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol

from typing_extensions import override

from sightline.application.publish import Latencies
from sightline.domain.errors import SightlineError, Unavailable
from sightline.domain.probes.check import Check
from sightline.domain.promql.values import Answer, Vector
from sightline.domain.tenancy import Principal, Role, Tenant
from sightline.domain.timerange import Grid, TimeRange, format_duration

PARTS: Final = 96
"""Parts of the time, of which each has a mean: a quarter of an hour of a day."""

_SPECIAL: Final = re.compile(r"([\\.+*?()|\[\]{}^$])")
_ESCAPED: Final = r"\\\1"


class Asking(Protocol):
    """PromQL over a time."""

    async def range(self, principal: Principal, text: str, grid: Grid, /) -> Answer:
        """The expression's value at every instant of the grid."""
        ...


class SeriesLatencies(Latencies):
    """One query a page, whatever the number of its checks."""

    def __init__(self, query: Asking) -> None:
        self._query = query

    @override
    async def latencies(
        self, tenant: Tenant, checks: Sequence[Check], within: TimeRange
    ) -> Mapping[int, Sequence[float | None]]:
        if not checks:
            return {}
        step = max(1, (within.end - within.start) // PARTS)
        selector = f"probe_duration_seconds{{{naming(one.name for one in checks)}}}[{format_duration(step)}]"
        text = f"avg by (check) (avg_over_time({selector}))"
        grid = Grid(within.start + step, within.end, step)
        try:
            answer = await self._query.range(Principal("status page", tenant, Role.READER), text, grid)
        except SightlineError as error:
            raise Unavailable(f"latencies cannot be read: {error.message}") from None
        return _by_check(answer, {one.name: one.id for one in checks})


def _by_check(answer: Answer, ids: Mapping[str, int]) -> dict[int, Sequence[float | None]]:
    value = answer.value
    if not isinstance(value, Vector):
        return {}
    found: dict[int, Sequence[float | None]] = {}
    for labels, values, present in zip(value.labels, value.values, value.present, strict=True):
        check = ids.get(labels.get("check"))
        if check is not None:
            found[check] = [
                float(one) if there else None for one, there in zip(values.tolist(), present.tolist(), strict=True)
            ]
    return found


def naming(names: Iterable[str]) -> str:
    """A matcher of PromQL for the series of checks of these names."""
    return f"check=~{_quoted('|'.join(_SPECIAL.sub(_ESCAPED, one) for one in names))}"


def _quoted(text: str) -> str:
    """A string of PromQL."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
