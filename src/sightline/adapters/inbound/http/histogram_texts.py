"""Native histograms as Prometheus' JSON: columns become text in Arrow, with no Python object per bucket.

`{"count":"5","sum":"18.4","buckets":[[3,"-0.001","0.001","1"],[0,"0.5","1","4"]]}`: of each bucket which of its bounds belong to it
(0 the upper one, 1 the lower one, 3 both), its bounds and its count.
"""

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sightline.adapters.inbound.http.columns import constant, flags, numbers, text_lists, texts
from sightline.adapters.inbound.http.floats import sample_texts
from sightline.domain.metrics.histogram_buckets import Kind, ranges
from sightline.domain.metrics.native_histograms import Histograms

# Arrow's functions take arrays and scalars together, which its type stubs deny.
_arrow: Final[Any] = pc
_NOTHING, _COMMA, _BETWEEN, _CLOSING = constant(""), constant(","), constant('","'), constant('"]')
_COUNT, _SUM, _END = constant('{"count":"'), constant('","sum":"'), constant("}")
_BEGINNING: Final = texts([f'[{kind},"' for kind in range(max(Kind) + 1)])
_BUCKETS, _BRACKET, _QUOTE = constant('","buckets":['), constant("]"), constant('"')


def histogram_texts(histograms: Histograms) -> pa.StringArray:
    """The JSON object of each."""
    found = ranges(histograms)
    bounds = [sample_texts(one) for one in (found.lower, found.upper, found.counts)]
    buckets = _joined(
        _BEGINNING.take(numbers(found.kind.astype(np.int64))),
        bounds[0],
        _BETWEEN,
        bounds[1],
        _BETWEEN,
        bounds[2],
        _CLOSING,
    )
    listed = _arrow.binary_join(text_lists(found.offsets, buckets), _COMMA)
    some = flags(np.diff(found.offsets) > 0)
    listed = _arrow.if_else(some, _joined(_BUCKETS, listed, _BRACKET), _QUOTE)
    return _joined(_COUNT, sample_texts(histograms.count), _SUM, sample_texts(histograms.sum), listed, _END)


def _joined(*parts: Any) -> pa.StringArray:
    text: pa.StringArray = _arrow.binary_join_element_wise(*parts, _NOTHING)
    return text
