"""Take in what servers report."""

from typing import Final, Protocol

import numpy as np

from sightline.application.register import Register
from sightline.domain.errors import InvalidField, InvalidLabel, SampleOutOfBounds
from sightline.domain.labels import METRIC_NAME, LabelLimits, Labels, check
from sightline.domain.metrics.left_out import is_partial
from sightline.domain.metrics.samples import Index, WriteBatch
from sightline.domain.servers.report import Metric, ServerReport, series_of
from sightline.domain.servers.server import Server
from sightline.domain.tenancy import Principal

_KNOWN_SERIES: Final = 200_000  # of all servers; beyond it what is known is forgotten and learnt again

_ONLY: Final = np.zeros(1, np.uint32)
_ONLY.flags.writeable = False


class IngestSamples(Protocol):
    """The part of the ingest use case that reports need."""

    async def __call__(self, principal: Principal, batch: WriteBatch, /) -> int:
        """Store a batch under the principal's tenant; gives how many samples were acknowledged.

        Raises:
            SightlineError: the batch cannot be taken in.
        """
        ...


class Report:
    """The use case. A report that does not read is refused whole; the series of a server are made once and remembered."""

    def __init__(self, register: Register, ingest: IngestSamples, limits: LabelLimits) -> None:
        self._register = register
        self._ingest = ingest
        self._limits = limits
        self._series: dict[tuple[str, Metric], Labels] = {}

    async def __call__(self, principal: Principal, report: ServerReport) -> int:
        """Store what a server of the principal's tenant reports; gives how many samples were acknowledged.

        Raises:
            NotFound: the tenant has no such server.
            InvalidField, InvalidLabel: names the metric by its place, and the field; nothing is stored.
            SampleOutOfBounds: likewise; the other samples are stored.
            SeriesIdCollision, Overloaded, StorageFull, Unavailable: as the ingest use case has them.
        """
        server = self._register.known(principal, report.server_id)
        if server is None:
            server = await self._register.one(principal, report.server_id)
        labels, series = self._numbered(server, report.metrics)
        try:
            accepted = await self._ingest(principal, WriteBatch(labels, series, report.times, report.values))
        except SampleOutOfBounds as error:
            if is_partial(error):
                self._register.heard(server)
            raise _placed(error, report) from None
        self._register.heard(server)
        return accepted

    def _numbered(self, server: Server, metrics: list[Metric]) -> tuple[tuple[Labels, ...], Index]:
        """The distinct series of n metrics, and which of them each metric is, uint32 (n,)."""
        if len(metrics) == 1:  # what small agents send
            one = self._series.get((server.id, metrics[0])) or self._learnt(server, 0, metrics[0])
            return (one,), _ONLY
        numbers: dict[Labels, int] = {}
        series = []
        for at, metric in enumerate(metrics):
            labels = self._series.get((server.id, metric)) or self._learnt(server, at, metric)
            series.append(numbers.setdefault(labels, len(numbers)))
        return tuple(numbers), np.array(series, np.uint32)

    def _learnt(self, server: Server, at: int, metric: Metric) -> Labels:
        try:
            labels = series_of(server, metric)
            check(labels, self._limits)
        except InvalidField as error:
            raise error.within(f"metrics[{at}]") from None
        except InvalidLabel as error:
            field = "metric_name" if error.detail.get("label") == METRIC_NAME else "labels"
            raise InvalidLabel(f"metrics[{at}].{field}: {error.message}", **error.detail) from None
        if len(self._series) >= _KNOWN_SERIES:
            self._series.clear()
        self._series[server.id, metric] = labels
        return labels


def _placed(error: SampleOutOfBounds, report: ServerReport) -> SampleOutOfBounds:
    """The same error with the place of the sample before it."""
    at = int(np.flatnonzero(report.times == error.detail["time"])[0])
    return SampleOutOfBounds(f"metrics[{at}].timestamp: {error.message}", **error.detail)
