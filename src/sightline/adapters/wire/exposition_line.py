"""The part of an exposition line that follows its series: value, time and, in OpenMetrics, an exemplar."""

import re
from typing import Final

from sightline.adapters.wire.exposition_series import LineMalformed, shown

_AFTER_SERIES: Final = re.compile(rb"[ \t]+([^ \t]+)(?:[ \t]+([^ \t]+))?[ \t]*")


EXEMPLAR: Final = b" # "
"""What stands before an exemplar."""


def after_series(line: bytes, position: int, *, openmetrics: bool) -> tuple[bytes, bytes | None, bytes | None]:
    """The texts of value, time and exemplar after the series, which ends at `position`; the latter two if they are there.

    openmetrics: an exemplar may follow.

    Raises:
        LineMalformed: something else stands there.
    """
    rest = line[position:]
    if line[position - 1 : position] == b"}":
        rest = b" " + rest  # the brace parts as well as a blank does
    exemplar = None
    if openmetrics and EXEMPLAR in rest:
        rest, _, exemplar = rest.partition(EXEMPLAR)
    match = _AFTER_SERIES.fullmatch(rest)
    if match is None:
        fields = rest.split()
        if not fields:
            raise LineMalformed("expected a value, found the end of the line")
        if rest[:1] not in {b" ", b"\t"}:
            raise LineMalformed(f"expected a blank or {{ after the metric name, found {shown(rest)}")
        raise LineMalformed(f"expected the end of the line after value and time, found {shown(fields[-1])}")
    return match[1], match[2], exemplar
