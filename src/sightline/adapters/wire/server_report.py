"""What a server posts to /api/v1/ingest: {"server_id": uuid, "metrics": [{...}, ...]}."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

import msgspec
import numpy as np

from sightline.adapters.wire import fields
from sightline.domain.errors import BodyTooLarge, InvalidField
from sightline.domain.labels import Labels
from sightline.domain.servers.report import Metric, ServerReport

EXPECTED: Final = {
    "server_id": "the UUID that registering gave",
    "metrics": "a list of objects",
    "metric_type": "a text such as cpu",
    "metric_name": "a text such as usage_percent",
    "value": 'a number, or "NaN", "+Inf" or "-Inf" in quotes',
    "labels": "an object whose values are texts",
    "timestamp": "a time in RFC 3339 with its offset, as 2026-11-21T10:00:00Z",
}
"""What each field wants, in words."""

_NUMBERS: Final = {"NaN": np.nan, "Inf": np.inf, "+Inf": np.inf, "-Inf": -np.inf}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_KNOWN_LABELS: Final = 10_000
_KNOWN_BYTES: Final = 1_024  # of one remembered label set as it was sent


class _Sample(msgspec.Struct):
    metric_type: str
    metric_name: str
    value: float | str
    labels: msgspec.Raw = msgspec.Raw(b"{}")
    timestamp: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class _Report(msgspec.Struct):
    server_id: UUID
    metrics: list[_Sample]


class ServerReportDecoder:
    """Decodes reports. Label sets are remembered by the bytes they were sent as, for the same few come again and again.

    max_samples: how many one report may hold (`intake.request_samples`). Driven from one thread at a time.
    """

    def __init__(self, max_samples: int) -> None:
        self._max_samples = max_samples
        self._decoder = msgspec.json.Decoder(_Report)
        self._labels_decoder = msgspec.json.Decoder(dict[str, str] | None)
        self._labels: dict[bytes, Labels] = {}

    def decode(self, data: bytes, now: int) -> ServerReport:
        """The report in a body. `now`, ms, stands in for timestamps that are missing.

        Raises:
            MalformedBody, InvalidField: names the field.
            BodyTooLarge: too many samples.
        """
        report = fields.decode(self._decoder, data, EXPECTED)
        samples = report.metrics
        if len(samples) > self._max_samples:
            message = f"{len(samples)} metrics in one report: intake.request_samples allows {self._max_samples}"
            raise BodyTooLarge(message, limit=self._max_samples)
        return ServerReport(
            str(report.server_id),
            [self._metric(at, sample) for at, sample in enumerate(samples)],
            np.array([now if one.timestamp is None else _milliseconds(one.timestamp) for one in samples], np.int64),
            np.array([_number(at, sample.value) for at, sample in enumerate(samples)], np.float64),
        )

    def _metric(self, at: int, sample: _Sample) -> Metric:
        sent = bytes(sample.labels)
        labels = self._labels.get(sent)
        if labels is None:
            labels = self._learnt(at, sent)
        return sample.metric_type, sample.metric_name, labels

    def _learnt(self, at: int, sent: bytes) -> Labels:
        try:
            labels = Labels.of(fields.decode(self._labels_decoder, sent, {}) or {})
        except InvalidField:
            path = f"metrics[{at}].labels"
            raise InvalidField(f"{path}: wants {EXPECTED['labels']}", field=path) from None
        if len(sent) <= _KNOWN_BYTES:
            if len(self._labels) >= _KNOWN_LABELS:
                self._labels.clear()
            self._labels[sent] = labels
        return labels


def _milliseconds(time: datetime) -> int:
    return (time - _EPOCH) // _MILLISECOND


def _number(at: int, value: float | str) -> float:
    if isinstance(value, str):
        if value not in _NUMBERS:
            path = f"metrics[{at}].value"
            raise InvalidField(f"{path}: wants {EXPECTED['value']}, got {value[:40]!r}", field=path)
        return _NUMBERS[value]
    return value
