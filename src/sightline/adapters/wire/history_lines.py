"""One pass over lines of `series value time`: where the texts of series, values and times stand.

The lines of Prometheus' text format, of OpenMetrics and of `promtool tsdb dump` are all of that kind. A line whose series is that
of the line before, as in a dump nearly all are, costs a comparison of bytes.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.compiled import kernel, subroutine

# What `found` tells.
SAMPLES: Final = 0
RUNS: Final = 1
BAD: Final = 2
HISTOGRAMS: Final = 3
COMMENTS: Final = 4
FOUND: Final = 5

# Why a line is none.
NO_SERIES: Final = 1
NO_VALUE: Final = 2
NO_TIME: Final = 3
MORE: Final = 4
OPEN: Final = 5

_PLACE: Final = (1 << 62) - 1
"""All places, as a mask: machine code need not ask then whether an index counts from the end."""

REASONS: Final = {
    NO_SERIES: "expected a metric name or { at its beginning",
    NO_VALUE: "expected a value after the series",
    NO_TIME: "expected a time after the value: without one it is no history (`sightline push` takes it as of now)",
    MORE: "expected nothing after the time",
    OPEN: "expected } at the end of the labels",
}


@subroutine
def is_blank(byte: int) -> bool:
    """A space, a tab, or what stands before a line feed in Windows."""
    return byte in (32, 9, 13)


@subroutine
def after_blanks(data: bytes, at: int) -> int:
    """Where the next byte is that is no blank; a line feed is none."""
    while is_blank(data[at]):
        at += 1
    return at


@subroutine
def after_word(data: bytes, at: int) -> int:
    """Where the next blank or line feed is."""
    while not is_blank(data[at]) and data[at] != 10:
        at += 1
    return at


@subroutine
def after_series(data: bytes, at: int) -> int:
    """Where the text of a series that begins at `at` ends; the negative of a reason when it is none."""
    start = at
    while data[at] != 123 and not is_blank(data[at]) and data[at] != 10:
        at += 1
    brace = after_blanks(data, at)
    if data[brace] != 123:
        return at if at > start else -NO_SERIES
    at = brace + 1
    quoted = False
    while data[at] != 10:
        byte = data[at]
        if quoted and byte == 92:
            at += 1
            if data[at] == 10:
                break
        elif byte == 34:
            quoted = not quoted
        elif byte == 125 and not quoted:
            return at + 1
        at += 1
    return -OPEN


def split_in_python(
    data: bytes,
    start: int,
    run_start: NDArray[np.int64],
    run_end: NDArray[np.int64],
    run_first: NDArray[np.int64],
    places: NDArray[np.int64],
    bad: NDArray[np.int64],
    found: NDArray[np.int64],
) -> None:
    """Split the lines of `data` from `start` on; its last byte is a line feed.

    run_start, run_end, run_first: (r,), the text of a series and the first of the samples that follow one another with it.
    places: (4 n,), of each sample where its value begins and ends, and its time. bad: (2 n,), where a line that is none begins, and
    why. found: (FOUND,), how many there are. n and r are the number of lines at most.
    """
    end = len(data)
    position = start
    known_start = 0
    known = 0
    samples = 0
    runs = 0
    wrong = 0
    histograms = 0
    comments = 0
    while position < end:
        line = position
        at = line + known
        same = known > 0 and at < end and data[at] == 32 and data[at + 1] > 32 and data[at + 1] != 123
        if same:
            # Without a way out in the middle many bytes are compared at once: 0.05 us a line of 250 bytes instead of 0.23.
            other = 0
            for back in range(known):
                other |= data[(line + back) & _PLACE] ^ data[(known_start + back) & _PLACE]
            same = other == 0
        if same:
            series = line
            stop = at
        else:
            series = after_blanks(data, line)
            if data[series] == 10:
                position = series + 1
                comments += 1
                continue
            if data[series] == 35:
                while data[series] != 10:
                    series += 1
                position = series + 1
                comments += 1
                continue
            stop = after_series(data, series)
        reason = 0
        value = value_end = time = time_end = series
        if stop < 0:
            reason = -stop
            at = series
        else:
            at = after_blanks(data, stop)
            value = at
            value_end = after_word(data, at)
            at = after_blanks(data, value_end)
            time = at
            time_end = after_word(data, at)
            at = after_blanks(data, time_end)
            if data[value] == 10:
                reason = NO_VALUE
            elif data[value] == 123:
                histograms += 1
                reason = -1
            elif data[time] == 10 or data[time] == 35:
                reason = NO_TIME
            elif data[at] != 10 and data[at] != 35:
                reason = MORE
        if reason > 0:
            bad[2 * wrong] = line
            bad[2 * wrong + 1] = reason
            wrong += 1
        if reason == 0:
            if not same:
                run_start[runs] = series
                run_end[runs] = stop
                run_first[runs] = samples
                runs += 1
                known_start = series
                known = stop - series
            places[4 * samples] = value
            places[4 * samples + 1] = value_end
            places[4 * samples + 2] = time
            places[4 * samples + 3] = time_end
            samples += 1
        while data[at] != 10:
            at += 1
        position = at + 1
    found[SAMPLES] = samples
    found[RUNS] = runs
    found[BAD] = wrong
    found[HISTOGRAMS] = histograms
    found[COMMENTS] = comments


# The loop is its own twin, as in remote_write_scan.
split = kernel(
    "void(Bytes(uint8, 1, 'C', readonly=True), int64, int64[::1], int64[::1], int64[::1], int64[::1], int64[::1],"
    " int64[::1])",
    twin=split_in_python,
)(split_in_python)
"""`split_in_python`, or the same as machine code once it is compiled."""
