"""From the references of remote write 2.0 to the bytes of label sets and of descriptions."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.adapters.wire.remote_write2_scan import DESCRIPTION, NONE
from sightline.domain.kernels.canonical import SEPARATOR, stands_before
from sightline.domain.kernels.compiled import BYTES, INTS, kernel, subroutine

# What a symbol is, by bits.
NOT_ASCII: Final = 1
NOT_TEXT: Final = 2
"""No UTF-8; who calls finds that out of those that are not ASCII."""
METRIC_NAME: Final = 4
"""The label name __name__."""

# What can be wrong with the references of a label set.
GOOD: Final = 0
ODD: Final = 1
OUT_OF_RANGE: Final = 2
EMPTY_NAME: Final = 3
NAME_TWICE: Final = 4
UNSORTED: Final = 5
NO_TEXT: Final = 6

_PLACE: Final = (1 << 62) - 1
"""All places, as a mask: what it gives is never negative, and machine code need not ask whether an index counts from the end."""
_PLAIN: Final = 0x80
_NAME_LENGTH: Final = 8
_UNDERSCORE: Final = 0x5F
_BYTES: Final = "Bytes(uint8, 1, 'C', readonly=True)"
_REFS: Final = "Array(uint32, 1, 'C', True)"


@subroutine
def _is_metric_name(data: bytes, start: int, end: int) -> bool:
    """Whether data[start:end] is `__name__`."""
    if end - start != _NAME_LENGTH:
        return False
    lines = data[start] == _UNDERSCORE and data[start + 1] == _UNDERSCORE
    lines = lines and data[start + 6] == _UNDERSCORE and data[start + 7] == _UNDERSCORE
    return bool(
        lines
        and data[start + 2] == 0x6E
        and data[start + 3] == 0x61
        and data[start + 4] == 0x6D
        and data[start + 5] == 0x65
    )


@subroutine
def _copied(data: bytes, start: int, end: int, out: NDArray[np.uint8], at: int) -> int:
    """Copy data[start:end]; returns where the copy ends."""
    for step in range(end - start):
        out[(at + step) & _PLACE] = data[(start + step) & _PLACE]
    return at + end - start


def judge_symbols_in_python(
    data: bytes, starts: NDArray[np.int64], ends: NDArray[np.int64], kinds: NDArray[np.uint8]
) -> None:
    """Tell of each symbol data[starts[i]:ends[i]] what it is, NOT_ASCII and METRIC_NAME, into kinds (s,)."""
    for row in range(len(starts)):
        start, end = int(starts[row]), int(ends[row])
        every = 0
        for at in range(start, end):
            every |= int(data[at])
        kinds[row] = (NOT_ASCII if every >= _PLAIN else 0) | (METRIC_NAME if _is_metric_name(data, start, end) else 0)


judge_symbols = kernel(f"void({_BYTES}, {INTS}, {INTS}, uint8[::1])", twin=judge_symbols_in_python)(
    judge_symbols_in_python
)


def label_room_in_python(
    starts: NDArray[np.int64], ends: NDArray[np.int64], refs: NDArray[np.uint32], most: int
) -> int:
    """How many bytes the label sets take that are made of these references; more than `most` if it is more."""
    room = 0
    for row in range(len(refs)):
        ref = int(refs[row])
        room += 1
        if ref < len(starts):
            room += int(ends[ref] - starts[ref])
        if room > most:
            return room
    return room


label_room = kernel(f"int64({INTS}, {INTS}, {_REFS}, int64)", twin=label_room_in_python)(label_room_in_python)


@subroutine
def _symbol_fault(
    starts: NDArray[np.int64], ends: NDArray[np.int64], kinds: NDArray[np.uint8], name: int, value: int
) -> int:
    """What is wrong with the symbols of a label."""
    if name >= len(starts) or value >= len(starts):
        return OUT_OF_RANGE
    if (kinds[name] | kinds[value]) & NOT_TEXT:
        return NO_TEXT
    return EMPTY_NAME if starts[name] == ends[name] else GOOD


@subroutine
def _order_fault(data: bytes, starts: NDArray[np.int64], ends: NDArray[np.int64], before: int, name: int) -> int:
    """What is wrong with the name that stands behind another one."""
    if before == NONE:
        return GOOD
    first, first_end = int(starts[before]), int(ends[before])
    second, second_end = int(starts[name]), int(ends[name])
    if stands_before(data, first, first_end, second, second_end):
        return GOOD
    return UNSORTED if stands_before(data, second, second_end, first, first_end) else NAME_TWICE


@subroutine
def _fault(
    data: bytes,
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    kinds: NDArray[np.uint8],
    refs: NDArray[np.uint32],
    first: int,
    last: int,
) -> int:
    """What is wrong with the label set of refs[first:last]."""
    if (last - first) % 2:
        return ODD
    before = NONE
    for at in range(first, last, 2):
        name = int(refs[at])
        fault = _symbol_fault(starts, ends, kinds, name, int(refs[at + 1]))
        if fault == GOOD:
            fault = _order_fault(data, starts, ends, before, name)
        if fault != GOOD:
            return fault
        before = name
    return GOOD


def write_labels_in_python(
    data: bytes,
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    kinds: NDArray[np.uint8],
    refs: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    out: NDArray[np.uint8],
    bounds: NDArray[np.int64],
    faults: NDArray[np.uint8],
) -> None:
    """Write the canonical bytes of k label sets, refs[offsets[i]:offsets[i + 1]], one behind the other.

    starts, ends, kinds: (s,), the symbols. out: as long as label_room says. bounds: (k + 1,), where each set stands. faults: (k,);
    of one that has any nothing is written. Labels without a value are no labels.
    """
    cursor = 0
    bounds[0] = 0
    for row in range(len(faults)):
        first, last = int(offsets[row]), int(offsets[row + 1])
        fault = _fault(data, starts, ends, kinds, refs, first, last)
        faults[row] = fault
        if fault == GOOD:
            begin = cursor
            for at in range(first, last, 2):
                name = int(refs[at])
                value = int(refs[at + 1])
                if starts[value] == ends[value]:
                    continue
                if cursor > begin:
                    out[cursor] = SEPARATOR
                    cursor += 1
                cursor = _copied(data, int(starts[name]), int(ends[name]), out, cursor)
                out[cursor] = SEPARATOR
                cursor = _copied(data, int(starts[value]), int(ends[value]), out, cursor + 1)
        bounds[row + 1] = cursor


write_labels = kernel(
    f"void({_BYTES}, {INTS}, {INTS}, {BYTES}, {_REFS}, {INTS}, uint8[::1], int64[::1], uint8[::1])",
    twin=write_labels_in_python,
)(write_labels_in_python)


def number_refs_in_python(refs: NDArray[np.uint32], numbers: NDArray[np.int64], out: NDArray[np.int32]) -> None:
    """Tell the number of each reference's symbol, out of numbers (s,), into out (m,); NONE where it points past them."""
    for row in range(len(refs)):
        ref = int(refs[row])
        out[row] = numbers[ref] if ref < len(numbers) else NONE


def _number_refs_numpy(refs: NDArray[np.uint32], numbers: NDArray[np.int64], out: NDArray[np.int32]) -> None:
    out[:] = np.append(numbers, NONE)[np.minimum(refs, np.uint32(len(numbers)))]


number_refs = kernel(f"void({_REFS}, {INTS}, int32[::1])", twin=_number_refs_numpy)(number_refs_in_python)


def metric_names_in_python(
    refs: NDArray[np.uint32], offsets: NDArray[np.int64], kinds: NDArray[np.uint8], names: NDArray[np.int64]
) -> None:
    """Tell the symbol of the metric's name of each label set, or NONE, into names (k,)."""
    for row in range(len(names)):
        names[row] = NONE
        for at in range(int(offsets[row]), int(offsets[row + 1]) - 1, 2):
            ref = int(refs[at])
            if ref < len(kinds) and kinds[ref] & METRIC_NAME and refs[at + 1] < len(kinds):
                names[row] = int(refs[at + 1])
                break


metric_names = kernel(f"void({_REFS}, {INTS}, {BYTES}, int64[::1])", twin=metric_names_in_python)(
    metric_names_in_python
)


def write_descriptions_in_python(
    data: bytes,
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    names: NDArray[np.int64],
    descriptions: NDArray[np.int64],
    latest: NDArray[np.int64],
    out: NDArray[np.uint8],
    bounds: NDArray[np.int64],
    rows: NDArray[np.int64],
) -> int:
    """Write type, name, help and unit of the series that have any, each metric once as long as it says the same; returns how many.

    names: (k,), descriptions: (3 k,). latest: (s,), NONE at first. bounds: (k + 1,), where each stands in `out`; rows: (k,), whose
    it is. What has no room is left out.
    """
    count = 0
    cursor = 0
    bounds[0] = 0
    for row in range(len(names)):
        name = int(names[row])
        slot = DESCRIPTION * row
        said = int(descriptions[slot + 1])
        unit = int(descriptions[slot + 2])
        if descriptions[slot] == NONE or name == NONE or said >= len(starts) or unit >= len(starts):
            continue
        # Prometheus without metadata-wal-records sends an empty message with every series, which says nothing.
        if descriptions[slot] == 0 and starts[said] == ends[said] and starts[unit] == ends[unit]:
            continue
        before = int(latest[name])
        if before != NONE:
            other = DESCRIPTION * before
            is_same = descriptions[other] == descriptions[slot] and descriptions[other + 1] == said
            if is_same and descriptions[other + 2] == unit:
                continue
        latest[name] = row
        room = int(ends[name] - starts[name] + ends[said] - starts[said] + ends[unit] - starts[unit]) + 3
        if room > len(out) - cursor:
            continue
        out[cursor] = int(descriptions[slot]) & 0xFF
        cursor = _copied(data, int(starts[name]), int(ends[name]), out, cursor + 1)
        out[cursor] = SEPARATOR
        cursor = _copied(data, int(starts[said]), int(ends[said]), out, cursor + 1)
        out[cursor] = SEPARATOR
        cursor = _copied(data, int(starts[unit]), int(ends[unit]), out, cursor + 1)
        rows[count] = row
        count += 1
        bounds[count] = cursor
    return count


write_descriptions = kernel(
    f"int64({_BYTES}, {INTS}, {INTS}, {INTS}, {INTS}, int64[::1], uint8[::1], int64[::1], int64[::1])",
    twin=write_descriptions_in_python,
)(write_descriptions_in_python)
