"""What a Prometheus answers to remote read, as requests of remote write: both are made of the same series, byte for byte.

Source: https://prometheus.io/docs/prometheus/latest/querying/remote_read_api/ and prompb/remote.proto, prompb/types.proto:

    ReadResponse { repeated QueryResult results = 1 }
    QueryResult  { repeated TimeSeries timeseries = 1 }
    WriteRequest { repeated TimeSeries timeseries = 1; ... }

So native histograms and stale markers come along as they are, and no sample is looked at but to be counted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from sightline.adapters.wire import remote_write_scan as layout
from sightline.adapters.wire.histogram_fields import WRITTEN, NoHistogram, histogram_fields
from sightline.adapters.wire.history_excerpt import NOTHING_ADDED
from sightline.adapters.wire.protobuf import LENGTH, REASONS, encoded_varint, field, key, length, skip
from sightline.adapters.wire.remote_write_encode import label_fields
from sightline.adapters.wire.remote_write_scan import scan
from sightline.domain.errors import MalformedBody
from sightline.domain.labels import Labels, Matcher, MatchOp

_TYPES: Final = {MatchOp.EQUAL: 0, MatchOp.NOT_EQUAL: 1, MatchOp.MATCHES: 2, MatchOp.NOT_MATCHES: 3}
_SAMPLE_BYTES: Final = 18


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """A request of remote write that is not compressed, and what is in it.

    first, last: the times of its samples and histograms, ms. series: the bytes of each, which are the same wherever it comes again.
    bare: of those that have neither samples nor histograms here.
    """

    message: bytes
    samples: int
    histograms: int
    first: int
    last: int
    series: Sequence[bytes] = ()
    bare: Sequence[bytes] = ()


def read_request(matchers: Sequence[Matcher], start: int, end: int) -> bytes:
    """A ReadRequest for the samples from start to end, ms, both included; not compressed. The answer is to be of samples."""
    query = b"\x08" + encoded_varint(start) + b"\x10" + encoded_varint(end)
    for one in matchers:
        kind = _TYPES[one.op]
        text = (b"\x08" + encoded_varint(kind) if kind else b"") + field(2, one.name.encode())
        query += field(3, text + field(3, one.value.encode()))
    return field(1, query)


def written(answer: bytes, size: int, added: Labels = NOTHING_ADDED) -> Iterator[Written]:
    """Requests of about `size` samples at most, but never less than a series, of a ReadResponse of samples.

    added: labels for every series, in place of those of the same names.

    Raises:
        MalformedBody: something else.
    """
    for start, end in _messages(answer, 0, len(answer)):
        first, samples = start, 0
        last = start
        for at, stop in _fields(answer, start, end):
            here = (stop - at) // _SAMPLE_BYTES
            if samples and samples + here > size:
                yield _counted(_labelled(answer[first:last], added))
                first, samples = at, 0
            samples += here
            last = stop
        if last > first:
            yield _counted(_labelled(answer[first:last], added))


def _labelled(message: bytes, added: Labels) -> bytes:
    """A request whose series have further labels; they may stand in any order there."""
    if not added:
        return message
    replaced = {name.encode() for name, _ in added}
    found = bytearray()
    for start, end in _messages(message, 0, len(message)):
        series = bytearray(label_fields(added))
        position = start
        while position < end:
            at = position
            number, wire, position = key(message, position, end)
            position = skip(message, position, end, wire) if position >= 0 else position
            if position < 0:
                raise _malformed(-position)
            if number != 1 or wire != LENGTH or _name(message, at, position) not in replaced:
                series += message[at:position]
        found += field(1, bytes(series))
    return bytes(found)


def _name(message: bytes, position: int, end: int) -> bytes:
    """The name in a field that is a label."""
    for start, stop in _messages(message, position, end):
        for at, after in _messages(message, start, stop):
            return message[at:after]
    return b""


def halves(message: bytes) -> list[bytes]:
    """A request as two, each with some of its series; itself alone when it has but one."""
    bounds = list(_fields(message, 0, len(message)))
    if len(bounds) < 2:
        return [message]
    middle = bounds[len(bounds) // 2][0]
    return [message[:middle], message[middle:]]


def counted(message: bytes) -> Written:
    """What is in a request."""
    return _counted(message)


def _counted(message: bytes) -> Written:
    most = len(message) // 2
    status, found = layout.FULL, np.zeros(layout.FOUND, np.int64)
    series, run_series = np.empty(0, np.uint32), np.empty(0, np.uint32)
    times, run_start, run_end, row, start, end = (np.empty(0, np.int64) for _ in range(6))
    for samples, runs in ((len(message) // _SAMPLE_BYTES + 16, len(message) // 32 + 16), (most, most)):
        series, words, run_series = (np.empty(size, np.uint32) for size in (samples, 2 * samples, runs))
        times, run_start, run_end = (np.empty(size, np.int64) for size in (samples, runs, runs))
        row, start, end = (np.empty(samples, np.int64) for _ in range(3))
        found = np.zeros(layout.FOUND, np.int64)
        status = scan(message, series, times, words, run_series, run_start, run_end, row, start, end, found)
        if status != layout.FULL:
            break
    if status != layout.DONE:
        raise _malformed(status)
    count, histograms = int(found[layout.SAMPLES]), int(found[layout.HISTOGRAMS])
    stretches = int(found[layout.RUNS])
    times = times[:count]
    try:
        fields = histogram_fields(message, start[:histograms], end[:histograms], WRITTEN, len(message), "the answer")
    except NoHistogram as error:
        raise _malformed(error.reason) from None
    times[row[:histograms]] = fields.times
    names = [
        message[at:stop] for at, stop in zip(run_start[:stretches].tolist(), run_end[:stretches].tolist(), strict=True)
    ]
    is_bare = ~np.isin(run_series[:stretches], series[:count])
    return Written(
        message,
        count - histograms,
        histograms,
        int(times.min()) if count else 0,
        int(times.max()) if count else 0,
        [name for name, bare in zip(names, is_bare, strict=True) if not bare],
        [name for name, bare in zip(names, is_bare, strict=True) if bare],
    )


def _messages(data: bytes, position: int, end: int) -> Iterator[tuple[int, int]]:
    """Where the contents of the fields 1 of a message stand."""
    for at, stop in _fields(data, position, end):
        _, _, inner = key(data, at, stop)
        _, first = length(data, inner, stop)
        yield first, stop


def _fields(data: bytes, position: int, end: int) -> Iterator[tuple[int, int]]:
    """Where the fields 1 of a message stand, keys and lengths included; others are left out."""
    while position < end:
        at = position
        number, wire, position = key(data, position, end)
        if position < 0:
            raise _malformed(-position)
        position = skip(data, position, end, wire)
        if position < 0:
            raise _malformed(-position)
        if number == 1 and wire == LENGTH:
            yield at, position


def _malformed(reason: int) -> MalformedBody:
    return MalformedBody(f"the answer is no ReadResponse: {REASONS.get(reason, 'it is damaged')}")
