"""One pass over the bytes of an io.prometheus.write.v2.Request: its samples, its symbols, and by which of these series are named.

Source: https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/ and io/prometheus/write/v2/types.proto:

    Request    { repeated string symbols = 4; repeated TimeSeries timeseries = 5 }
    TimeSeries { repeated uint32 labels_refs = 1; repeated Sample samples = 2; repeated Histogram histograms = 3;
                 repeated Exemplar exemplars = 4; Metadata metadata = 5 }
    Sample     { double value = 1; int64 timestamp = 2; int64 start_timestamp = 3 }
    Exemplar   { repeated uint32 labels_refs = 1; double value = 2; int64 timestamp = 3 }
    Metadata   { MetricType type = 1; uint32 help_ref = 3; uint32 unit_ref = 4 }

Start timestamps are not kept. Of a histogram only its place is noted: histogram_scan.py reads it.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.adapters.wire.protobuf import BAD_WIRE_TYPE, FIXED64, LENGTH, VARINT, key, length, skip, varint
from sightline.adapters.wire.remote_write_scan import DONE, FULL, MARK_HIGH, MARK_LOW, general_sample, word
from sightline.domain.kernels.compiled import kernel, subroutine

# What `found` tells.
SYMBOLS: Final = 0
SERIES: Final = 1
SAMPLES: Final = 2
REFS: Final = 3
EXEMPLARS: Final = 4
HISTOGRAMS: Final = 5
OFFSET: Final = 6
DESCRIBED: Final = 7
"""Series with metadata."""
FOUND: Final = 8

# What a series has, by bits.
HAS_SAMPLES: Final = 1
HAS_HISTOGRAMS: Final = 2
HAS_EXEMPLARS: Final = 4

# Metadata takes three numbers a series: type, help and unit; type is NONE where there is no metadata.
DESCRIPTION: Final = 3
NONE: Final = -1

_PLACE: Final = (1 << 62) - 1
_REF: Final = (1 << 32) - 1


@subroutine
def _refs(data: bytes, position: int, end: int, refs: NDArray[np.uint32], at: int) -> tuple[int, int]:
    """Read references from `at` on, where there is room; returns where the next goes and the position, or a reason's negative."""
    while position < end:
        value = int(data[position & _PLACE])
        if value < 0x80:
            position += 1
        else:
            value, position = varint(data, position, end)
            if position < 0:
                return at, position
        refs[at & _PLACE] = value & _REF
        at += 1
    return at, position


@subroutine
def _description(data: bytes, position: int, end: int, out: NDArray[np.int64], slot: int) -> int:
    """Read a Metadata message; returns where it ends, or a reason's negative."""
    out[slot] = 0
    while position < end:
        field, wire, position = key(data, position, end)
        if position < 0:
            return position
        if field not in (1, 3, 4):
            position = skip(data, position, end, wire)
        elif wire != VARINT:
            return -BAD_WIRE_TYPE
        else:
            value, position = varint(data, position, end)
            if field == 1:
                out[slot] = value & _REF
            else:
                out[slot + field - 2] = value & _REF
        if position < 0:
            return position
    return position


def scan_in_python(
    data: bytes,
    symbol_start: NDArray[np.int64],
    symbol_end: NDArray[np.int64],
    refs: NDArray[np.uint32],
    series_refs: NDArray[np.int64],
    kinds: NDArray[np.uint8],
    descriptions: NDArray[np.int64],
    series: NDArray[np.uint32],
    times: NDArray[np.int64],
    words: NDArray[np.uint32],
    histogram_row: NDArray[np.int64],
    histogram_start: NDArray[np.int64],
    histogram_end: NDArray[np.int64],
    found: NDArray[np.int64],
) -> int:
    """Decode `data` into the given outputs; returns DONE, FULL, or a reason of the protobuf module with its offset in `found`.

    symbol_start, symbol_end: (s,), where each lies. refs: (m,), those of series i are refs[series_refs[i]:series_refs[i + 1]];
    series_refs: (k + 1,). kinds: (k,), what each has. descriptions: (3 k,). The rest as in remote_write_scan.py.
    """
    end = len(data)
    position = 0
    at = 0
    symbols = 0
    series_count = 0
    samples = 0
    refs_at = 0
    exemplars = 0
    histograms = 0
    described = 0
    status = DONE
    series_refs[0] = 0
    while position < end:
        at = position
        field, wire, position = key(data, position, end)
        if position < 0:
            status = -position
            break
        if field not in (4, 5):
            position = skip(data, position, end, wire)
            if position < 0:
                status = -position
                break
            continue
        if wire != LENGTH:
            status = BAD_WIRE_TYPE
            break
        series_end, position = length(data, position, end)
        if position < 0:
            status = -position
            break
        if field == 4:
            if symbols == len(symbol_start):
                status = FULL
                break
            symbol_start[symbols] = position
            symbol_end[symbols] = series_end
            symbols += 1
            position = series_end
            continue
        if series_count == len(kinds):
            status = FULL
            break

        slot = DESCRIPTION * series_count
        descriptions[slot] = NONE
        descriptions[slot + 1] = 0
        descriptions[slot + 2] = 0
        kind = 0
        while position < series_end:
            at = position & _PLACE
            # What every sender writes is read here without a call: references `0a size ...`, metadata `2a size 08 .. 18 .. 20 ..`
            # and a sample `12 size 09 <double> 10 <time>`. Everything else, and every failure, goes the general way.
            size = int(data[at + 1]) if series_end - at > 1 else 128
            inside = size < 128 and size <= series_end - at - 2
            if inside and data[at] == 0x12 and 11 <= size <= 19 and data[at + 2] == 0x09 and data[at + 11] == 0x10:
                stop = at + 2 + size
                cursor = (at + 12) & _PLACE
                time = 0
                shift = 0
                while cursor < stop and data[cursor] >= 0x80:
                    time |= (int(data[cursor]) & 0x7F) << shift
                    shift += 7
                    cursor = (cursor + 1) & _PLACE
                if cursor == stop - 1:
                    if samples == len(times):
                        status = FULL
                        break
                    series[samples] = series_count
                    times[samples] = time | (int(data[cursor]) << shift)
                    words[2 * samples] = word(data, at + 3)
                    words[2 * samples + 1] = word(data, at + 7)
                    samples += 1
                    kind |= HAS_SAMPLES
                    position = stop
                    continue
            if inside and data[at] == 0x2A and descriptions[slot] == NONE:
                stop = at + 2 + size
                cursor = at + 2
                is_plain = True
                descriptions[slot] = 0
                while cursor < stop and is_plain:
                    tag = int(data[cursor & _PLACE])
                    cursor += 1
                    byte = 0x80
                    value = 0
                    shift = 0
                    while byte >= 0x80 and cursor < stop and shift < 35:
                        byte = int(data[cursor & _PLACE])
                        cursor += 1
                        value |= (byte & 0x7F) << shift
                        shift += 7
                    is_plain = byte < 0x80 and tag in (0x08, 0x18, 0x20)
                    if tag == 0x08:
                        descriptions[slot] = value & _REF
                    elif tag == 0x18:
                        descriptions[slot + 1] = value & _REF
                    elif tag == 0x20:
                        descriptions[slot + 2] = value & _REF
                if is_plain:
                    described += 1
                    position = stop
                    continue
                descriptions[slot] = NONE
                descriptions[slot + 1] = 0
                descriptions[slot + 2] = 0
            if inside and data[at] == 0x0A:
                stop = at + 2 + size
                cursor = at + 2
                if size > len(refs) - refs_at:
                    status = FULL
                    break
                before = refs_at
                byte = 0
                while cursor < stop:
                    byte = int(data[cursor & _PLACE])
                    cursor += 1
                    value = byte & 0x7F
                    shift = 7
                    while byte >= 0x80 and cursor < stop and shift < 35:
                        byte = int(data[cursor & _PLACE])
                        cursor += 1
                        value |= (byte & 0x7F) << shift
                        shift += 7
                    if byte >= 0x80:
                        break
                    refs[refs_at & _PLACE] = value & _REF
                    refs_at += 1
                if byte < 0x80:
                    position = stop
                    continue
                refs_at = before
                field = 1
                wire = LENGTH
                inner = stop
                position = at + 2
            else:
                field, wire, position = key(data, position, series_end)
                if position < 0:
                    status = -position
                    break
                if (2 <= field <= 5 and wire != LENGTH) or (field == 1 and wire not in (LENGTH, VARINT)):
                    status = BAD_WIRE_TYPE
                    break
                if 1 <= field <= 5 and wire == LENGTH:
                    inner, position = length(data, position, series_end)
                else:
                    place = position
                    inner = skip(data, position, series_end, wire)
                    position = inner if inner < 0 or field != 1 else place
                if position < 0:
                    status = -position
                    break
            if field == 1:
                if inner - position > len(refs) - refs_at:
                    status = FULL
                    break
                refs_at, position = _refs(data, position, inner, refs, refs_at)
            elif field == 5:
                described += int(descriptions[slot] == NONE)
                position = _description(data, position, inner, descriptions, slot)
            elif field == 4:
                exemplars += 1
                kind |= HAS_EXEMPLARS
                position = inner
            elif field in (2, 3):
                if samples == len(times) or (field == 3 and histograms == len(histogram_row)):
                    status = FULL
                    break
                low = MARK_LOW
                high = MARK_HIGH
                time = 0
                if field == 3:
                    kind |= HAS_HISTOGRAMS
                    histogram_row[histograms] = samples
                    histogram_start[histograms] = position
                    histogram_end[histograms] = inner
                    histograms += 1
                    position = inner
                else:
                    kind |= HAS_SAMPLES
                    low, high, time, at, position = general_sample(data, position, inner)
                series[samples] = series_count
                times[samples] = time
                words[2 * samples] = low
                words[2 * samples + 1] = high
                samples += 1
            if position < 0:
                status = -position
                break
        if status != DONE:
            break
        kinds[series_count] = kind
        series_count += 1
        series_refs[series_count] = refs_at
    found[SYMBOLS] = symbols
    found[SERIES] = series_count
    found[SAMPLES] = samples
    found[REFS] = refs_at
    found[EXEMPLARS] = exemplars
    found[HISTOGRAMS] = histograms
    found[OFFSET] = at
    found[DESCRIBED] = described
    return status


scan = kernel(
    "int64(Bytes(uint8, 1, 'C', readonly=True), int64[::1], int64[::1], uint32[::1], int64[::1], uint8[::1], int64[::1],"
    " uint32[::1], int64[::1], uint32[::1], int64[::1], int64[::1], int64[::1], int64[::1])",
    twin=scan_in_python,
)(scan_in_python)
"""`scan_in_python`, or the same as machine code once it is compiled."""


def scan_exemplars_in_python(
    data: bytes,
    owners: NDArray[np.uint32],
    times: NDArray[np.int64],
    words: NDArray[np.uint32],
    refs: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    found: NDArray[np.int64],
) -> int:
    """Decode the exemplars of a request that was scanned; returns DONE, FULL, or a reason with its offset in found[0].

    owners, times: (e,), words: (2 e,), for just as many. refs: (m,), those of exemplar i are refs[offsets[i]:offsets[i + 1]].
    """
    end = len(data)
    position = 0
    series = 0
    count = 0
    refs_at = 0
    offsets[0] = 0
    while position < end and count < len(owners):
        field, wire, position = key(data, position, end)
        if field != 5:
            position = skip(data, position, end, wire)
            continue
        series_end, position = length(data, position, end)
        while position < series_end:
            field, wire, position = key(data, position, series_end)
            if field != 4:
                position = skip(data, position, series_end, wire)
                continue
            stop, position = length(data, position, series_end)
            owners[count] = series
            times[count] = 0
            words[2 * count] = 0
            words[2 * count + 1] = 0
            while position < stop:
                at = position
                field, wire, position = key(data, position, stop)
                bad = (
                    (field == 1 and wire not in (LENGTH, VARINT))
                    or (field == 2 and wire != FIXED64)
                    or (field == 3 and wire != VARINT)
                )
                if position >= 0 and bad:
                    found[0] = at
                    return BAD_WIRE_TYPE
                place = position
                inner = position
                if position >= 0 and field == 1 and wire == LENGTH:
                    inner, place = length(data, position, stop)
                    position = inner if place >= 0 else place
                elif position >= 0 and field == 3:
                    times[count], position = varint(data, position, stop)
                elif position >= 0:
                    position = skip(data, position, stop, wire)
                    inner = position
                if position >= 0 and field == 1:
                    if inner - place > len(refs) - refs_at:
                        return FULL
                    refs_at, place = _refs(data, place, inner, refs, refs_at)
                    position = position if place >= 0 else place
                if position < 0:
                    found[0] = at
                    return -position
                if field == 2:
                    words[2 * count] = word(data, place)
                    words[2 * count + 1] = word(data, place + 4)
            count += 1
            offsets[count] = refs_at
        series += 1
    return DONE


scan_exemplars = kernel(
    "int64(Bytes(uint8, 1, 'C', readonly=True), uint32[::1], int64[::1], uint32[::1], uint32[::1], int64[::1], int64[::1])",
    twin=scan_exemplars_in_python,
)(scan_exemplars_in_python)
"""`scan_exemplars_in_python`, or the same as machine code once it is compiled."""
