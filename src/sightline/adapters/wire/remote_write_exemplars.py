"""The exemplars of a prometheus.WriteRequest, in a pass of their own: requests without any, which are most, do not pay for it.

Source: https://prometheus.io/docs/specs/prw/remote_write_spec/ (version 1.0) and prompb/types.proto:

    Exemplar { repeated Label labels = 1; double value = 2; int64 timestamp = 3 }
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.adapters.wire.protobuf import BAD_WIRE_TYPE, FIXED64, LENGTH, VARINT, key, length, skip, varint
from sightline.adapters.wire.remote_write_labels import label, malformed
from sightline.adapters.wire.remote_write_scan import DONE, word
from sightline.adapters.wire.remote_write_text import canonical
from sightline.domain.kernels.compiled import kernel
from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import Index, Times, Values

_EXEMPLAR: Final = 3
_LABELS: Final = 1


@dataclass(frozen=True, slots=True, eq=False)
class ExemplarFields:
    """The n exemplars of a request in the order in which they stand.

    owners: uint32 (n,), which timeseries of the request each belongs to. labels: canonical bytes. values, times: (n,).
    unreadable: how many more there were whose labels are no label set.
    """

    owners: Index
    labels: list[bytes]
    values: Values
    times: Times
    unreadable: int


def exemplar_fields(data: bytes, count: int) -> ExemplarFields:
    """Read the `count` exemplars of a WriteRequest whose timeseries are known to be whole.

    Raises:
        MalformedBody: one of them is no exemplar message; the message says where.
    """
    owners, times = np.empty(count, np.uint32), np.empty(count, np.int64)
    words, bounds = np.empty(2 * count, np.uint32), np.empty(2 * count, np.int64)
    offset = np.zeros(1, np.int64)
    status = scan_exemplars(data, owners, times, words, bounds, offset)
    if status != DONE:
        raise malformed(status, int(offset[0]))
    values = words.view(np.float64)
    starts, ends = bounds[0::2].copy(), bounds[1::2].copy()
    labels = _texts(data, starts, ends)
    found = [text for text in labels if text is not None]
    if len(found) == count:
        return ExemplarFields(owners, found, values, times, 0)
    kept = np.array([text is not None for text in labels], np.bool_)
    return ExemplarFields(owners[kept], found, values[kept], times[kept], count - len(found))


def _texts(data: bytes, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> list[bytes | None]:
    """The canonical bytes of label sets; those that are written plainly without objects. None for one that is none."""
    out, bounds = np.empty(int((ends - starts).sum()), np.uint8), np.empty(len(starts) + 1, np.int64)
    plain = np.empty(len(starts), np.bool_)
    canonical(data, starts, ends, out, bounds, plain)
    text, cuts, spans = out.tobytes(), bounds.tolist(), zip(starts.tolist(), ends.tolist(), strict=True)
    return [
        text[cuts[row] : cuts[row + 1]] if is_plain else label_set_text(data, *span)
        for row, (is_plain, span) in enumerate(zip(plain.tolist(), spans, strict=True))
    ]


def label_set_text(data: bytes, position: int, end: int) -> bytes | None:
    """The canonical bytes of label fields written in any way; None when a name is empty or given twice, or text not UTF-8."""
    raw = []
    while position < end:
        field, wire, position = key(data, position, end)
        if field != _LABELS:
            position = skip(data, position, end, wire)
            continue
        after, position = length(data, position, end)
        raw.append(label(data, position, after))
        position = after
    try:
        pairs = [(name.decode(), value.decode()) for name, value in raw]
    except UnicodeDecodeError:
        return None
    found = dict(pairs)
    return Labels.of(found).canonical() if len(found) == len(pairs) and "" not in found else None


def scan_exemplars_in_python(
    data: bytes,
    owners: NDArray[np.uint32],
    times: NDArray[np.int64],
    words: NDArray[np.uint32],
    bounds: NDArray[np.int64],
    offset: NDArray[np.int64],
) -> int:
    """Decode the exemplars of `data` into outputs of just their number; returns DONE or a reason of the protobuf module.

    owners, times: (n,). words, bounds: (2 n,), the double of each, its low half first, and where its label fields begin and end,
    with whatever stands between them. offset: (1,), where a failure is.
    """
    end = len(data)
    position = 0
    series = 0
    count = 0
    while position < end and count < len(owners):
        field, wire, position = key(data, position, end)
        if field != 1:
            position = skip(data, position, end, wire)
            continue
        series_end, position = length(data, position, end)
        while position < series_end:
            field, wire, position = key(data, position, series_end)
            if field != _EXEMPLAR:
                position = skip(data, position, series_end, wire)
                continue
            stop, position = length(data, position, series_end)
            owners[count] = series
            times[count] = 0
            words[2 * count] = 0
            words[2 * count + 1] = 0
            bounds[2 * count] = position
            bounds[2 * count + 1] = position
            has_labels = False
            while position < stop:
                at = position
                field, wire, position = key(data, position, stop)
                if position < 0:
                    offset[0] = at
                    return -position
                bad = (
                    (field == 1 and wire != LENGTH)
                    or (field == 2 and wire != FIXED64)
                    or (field == 3 and wire != VARINT)
                )
                if bad:
                    offset[0] = at
                    return BAD_WIRE_TYPE
                place = position
                if field == 3:
                    time, position = varint(data, position, stop)
                else:
                    time = 0
                    position = skip(data, position, stop, wire)
                if position < 0:
                    offset[0] = at
                    return -position
                if field == 1:
                    if not has_labels:
                        bounds[2 * count] = at
                        has_labels = True
                    bounds[2 * count + 1] = position
                elif field == 2:
                    words[2 * count] = word(data, place)
                    words[2 * count + 1] = word(data, place + 4)
                elif field == 3:
                    times[count] = time
            count += 1
        series += 1
    return DONE


scan_exemplars = kernel(
    "int64(Bytes(uint8, 1, 'C', readonly=True), uint32[::1], int64[::1], uint32[::1], int64[::1], int64[::1])",
    twin=scan_exemplars_in_python,
)(scan_exemplars_in_python)
"""`scan_exemplars_in_python`, or the same as machine code once it is compiled."""
