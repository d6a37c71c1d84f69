"""The part of an exposition line that follows its series: value, time and, in OpenMetrics, an exemplar."""

import re
from typing import Final

from sightline.adapters.wire.exposition_numbers import number
from sightline.adapters.wire.exposition_series import LineMalformed, extent, pairs, shown

_AFTER_SERIES: Final = re.compile(rb"[ \t]+([^ \t]+)(?:[ \t]+([^ \t]+))?[ \t]*")


def value_and_time(line: bytes, position: int, *, openmetrics: bool) -> tuple[bytes, bytes | None]:
    """The texts of the value and, if there is one, of the time after the series, which ends at `position`.

    openmetrics: an exemplar may follow; it is checked and left out.

    Raises:
        LineMalformed: something else stands there.
    """
    rest = line[position:]
    if line[position - 1 : position] == b"}":
        rest = b" " + rest  # the brace parts as well as a blank does
    if openmetrics:
        rest, mark, exemplar = rest.partition(b" # ")
        if mark:
            _check_exemplar(exemplar)
    match = _AFTER_SERIES.fullmatch(rest)
    if match is None:
        fields = rest.split()
        if not fields:
            raise LineMalformed("expected a value, found the end of the line")
        if rest[:1] not in {b" ", b"\t"}:
            raise LineMalformed(f"expected a blank or {{ after the metric name, found {shown(rest)}")
        raise LineMalformed(f"expected the end of the line after value and time, found {shown(fields[-1])}")
    return match[1], match[2]


def _check_exemplar(exemplar: bytes) -> None:
    """Refuse what is not `{labels} value [time]`."""
    end = extent(exemplar, 0)
    if exemplar[:1] != b"{" or not end:
        raise LineMalformed(f"expected the labels of an exemplar after #, found {shown(exemplar)}")
    pairs(exemplar[:end])
    match = _AFTER_SERIES.fullmatch(exemplar[end:])
    if match is None:
        raise LineMalformed(f"expected value and time of an exemplar, found {shown(exemplar[end:])}")
    for text in filter(None, match.groups()):
        try:
            number(text)
        except ValueError:
            raise LineMalformed(f"expected a number in an exemplar, found {shown(text)}") from None
