"""Spans of traces. For now those that probes make themselves; what others send joins them."""

from collections.abc import Sequence
from typing import Protocol

from sightline.domain.tenancy import Tenant
from sightline.domain.traces.span import Span


class Spans(Protocol):
    """Spans by tenant and trace. Errors: Unavailable when the store cannot be reached, StorageFull when it has no room."""

    async def append(self, spans: Sequence[tuple[Tenant, Span]]) -> None:
        """Store spans; they are there for readers when this returns. Those of the same trace and span id are the same span."""
        ...

    async def trace(self, tenant: Tenant, trace_id: str) -> list[Span]:
        """The spans of a trace (32 hexadecimal digits), in ascending order of start; empty where there is none."""
        ...
