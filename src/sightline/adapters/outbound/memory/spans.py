"""Spans of traces in memory; they live as long as the process, and the newest traces displace the oldest."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from typing_extensions import override

from sightline.domain.tenancy import Tenant
from sightline.domain.traces.span import Span
from sightline.ports.spans import Spans

MOST: Final = 10_000
"""Traces that are kept."""


class MemorySpans(Spans):
    """A dictionary of spans a trace, by their ids. At most `most` traces are kept."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._traces: OrderedDict[tuple[Tenant, str], dict[str, Span]] = OrderedDict()

    @override
    async def append(self, spans: Sequence[tuple[Tenant, Span]]) -> None:
        for tenant, span in spans:
            self._traces.setdefault((tenant, span.trace_id), {})[span.span_id] = span
        while len(self._traces) > self._most:
            self._traces.popitem(last=False)

    @override
    async def trace(self, tenant: Tenant, trace_id: str) -> list[Span]:
        found = self._traces.get((tenant, trace_id), {}).values()
        return sorted(found, key=lambda span: (span.starts_at, span.span_id))
