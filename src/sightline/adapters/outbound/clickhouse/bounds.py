"""Windows of whole hours told from the bounds of chunks, without their samples.

A chunk lies within one hour and so within one window; its bounds and its number of samples hold as long as no other chunk of its
series has samples of the same time.
"""

from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sightline.adapters.outbound.clickhouse.answers import array
from sightline.adapters.outbound.clickhouse.decoding import too_many
from sightline.domain.kernels.chunk import RAW, arrange
from sightline.domain.metrics.digest import Digest, Windows
from sightline.domain.metrics.samples import Values

_ROW_SAMPLES: Final = 5
"""So many samples take as much memory as what is read of a chunk, and what is worked out from it."""
SLACK: Final = 1_000_000
"""Samples beyond the limit that bounds may take as memory: few chunks are never too many."""


class BoundsBudget:
    """Ends a query of the bounds of chunks once they take more memory than a limit of samples, and some, may."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._chunks = 0

    def __call__(self, rows: pa.RecordBatch) -> None:
        """Count a batch.

        Raises:
            TooManySamples: it is too much.
        """
        self._chunks += rows.num_rows
        if self._chunks * _ROW_SAMPLES > self._limit + SLACK:
            raise too_many(self._limit)


def told(rows: pa.Table, places: NDArray[np.intp], series: int, windows: Windows) -> tuple[Digest, NDArray[np.intp]]:
    """The digest of some series, and which of them, (k,), it does not tell of: those need their samples.

    places: (c,), whose a chunk is.
    """
    found = Digest.empty(series, windows.count)
    if not rows.num_rows:
        return found, np.empty(0, np.intp)
    starts, spans, seqs, samples = (array(rows[name]) for name in ("start", "span", "seq", "samples"))
    order, untold = np.empty(len(starts), np.int64), np.zeros(series, np.bool_)
    arrange(places.astype(np.int64), starts, spans.astype(np.int64), seqs, order, untold)
    untold[places[array(rows["bounded"]) == 0]] = True
    kept = ~untold[places]
    cells = (places * windows.count + (starts - windows.start - 1) // windows.width)[kept]
    np.add.at(found.counts.reshape(-1), cells, samples[kept].astype(np.int64))
    scales = array(rows["scale"])[kept]
    for name, fold, start, to in (
        ("lowest", np.minimum, np.inf, found.least),
        ("highest", np.maximum, -np.inf, found.greatest),
    ):
        to[found.counts > 0] = start
        fold.at(to.reshape(-1), cells, _values(scales, array(rows[name])[kept]))
    return found, np.flatnonzero(untold)


def _values(scales: NDArray[np.uint8], whole: NDArray[np.int64]) -> Values:
    powers = np.array([float(f"1e{places}") for places in range(RAW)])
    return np.where(scales == RAW, whole.view(np.float64), whole / powers[np.minimum(scales, RAW - 1)])
