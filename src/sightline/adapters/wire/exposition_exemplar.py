"""The exemplar that may follow a sample in OpenMetrics: `{labels} value [time]` behind ` # `.

Source: https://prometheus.io/docs/specs/om/open_metrics_spec/#exemplars.
"""

import re
from typing import Final, NamedTuple

from sightline.adapters.wire.exposition_numbers import number, seconds
from sightline.adapters.wire.exposition_series import LineMalformed, extent, pairs, shown
from sightline.domain.labels import Labels
from sightline.domain.scrape.scraped import NO_TIME

# One label of plain characters, as most exemplars have it; a tenth of the time that reading any takes.
_PLAIN: Final = re.compile(rb'\{([a-zA-Z_][a-zA-Z0-9_]*)="([ !#-\[\]-~]+)"\} (\S+)(?: (\S+))?')
_AFTER_LABELS: Final = re.compile(rb"[ \t]+([^ \t]+)(?:[ \t]+([^ \t]+))?[ \t]*")


class ExposedExemplar(NamedTuple):
    """What stands behind a sample. labels: canonical bytes; None when a name is empty or given twice. time: ms, or NO_TIME."""

    labels: bytes | None
    value: float
    time: int


def read_exemplar(text: bytes) -> ExposedExemplar:
    """The exemplar that a text is.

    Raises:
        LineMalformed: it is none.
    """
    plain = _PLAIN.fullmatch(text)
    if plain is not None:
        return ExposedExemplar(plain[1] + b"\xff" + plain[2], _value(plain[3]), _time(plain[4]))
    end = extent(text, 0)
    if text[:1] != b"{" or not end:
        raise LineMalformed(f"expected the labels of an exemplar after #, found {shown(text)}")
    found = pairs(text[:end])
    match = _AFTER_LABELS.fullmatch(text[end:])
    if match is None:
        raise LineMalformed(f"expected value and time of an exemplar, found {shown(text[end:])}")
    names = dict(found)
    readable = len(names) == len(found) and "" not in names
    return ExposedExemplar(Labels.of(names).canonical() if readable else None, _value(match[1]), _time(match[2]))


def _value(text: bytes) -> float:
    try:
        return number(text)
    except ValueError:
        raise LineMalformed(f"expected a number in an exemplar, found {shown(text)}") from None


def _time(text: bytes | None) -> int:
    if text is None:
        return NO_TIME
    try:
        return seconds(text)
    except ValueError as error:
        raise LineMalformed(f"expected a time in seconds in an exemplar, found {shown(text)}: {error}") from None
