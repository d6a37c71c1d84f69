"""Prometheus remote write 2.0: a compressed io.prometheus.write.v2.Request to sample columns.

Source: https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.adapters.wire import remote_write2_scan as layout
from sightline.adapters.wire import remote_write2_symbols as text
from sightline.adapters.wire.remote_write2_descriptions import Descriptions
from sightline.adapters.wire.remote_write2_labels import Request, SeriesCache, label_sets
from sightline.adapters.wire.remote_write2_scan import scan, scan_exemplars
from sightline.adapters.wire.remote_write_batch import (
    Decoded,
    Rows,
    Series,
    batch_of,
    exemplars_of,
    too_many,
)
from sightline.adapters.wire.remote_write_exemplars import ExemplarFields
from sightline.adapters.wire.remote_write_labels import DEFAULT_BYTES, malformed
from sightline.adapters.wire.remote_write_scan import DONE, FULL
from sightline.adapters.wire.snappy import decompress
from sightline.domain.errors import BadData, InvalidLabel, MalformedBody
from sightline.domain.kernels.spans import ABSENT
from sightline.domain.labels import Labels
from sightline.domain.metrics.exemplars import NO_EXEMPLARS, ExemplarBatch
from sightline.domain.metrics.roster import Roster

MAX_SAMPLES: Final = 1_000_000

# What things take at least, as senders write them; a request of other shape is scanned a second time.
_SAMPLE_BYTES: Final = 18
_SERIES_BYTES: Final = 32
_SYMBOL_BYTES: Final = 8
_REF_BYTES: Final = 2
_HISTOGRAM_BYTES: Final = 40

_BROKEN: Final = {
    text.ODD: "labels_refs has an odd number of references",
    text.OUT_OF_RANGE: "labels_refs points past the symbols",
    text.EMPTY_NAME: "a label name is empty",
    text.NAME_TWICE: "a label name is given twice",
    text.UNSORTED: "the labels are not sorted by name",
    text.NO_TEXT: "a label is not UTF-8",
}
_BOTH: Final = "a series has samples and histograms, and may have either"
_NEITHER: Final = "a series has neither samples nor histograms"


class RemoteWrite2Decoder:
    """Decodes requests and remembers series and descriptions of metrics. Thread-safe; scanning releases the GIL.

    Series are distinct in the batch. Those that break a rule are left out, and so are labels without a value.
    """

    def __init__(self, *, max_cached_bytes: int = DEFAULT_BYTES, max_samples: int = MAX_SAMPLES) -> None:
        self._max_samples = max_samples
        self._series = SeriesCache(max_cached_bytes)
        self._descriptions = Descriptions()

    def decode(self, body: bytes, roster: Roster, *, max_decompressed: int) -> Decoded:
        """Decode one compressed request; its series are named in the roster.

        Raises:
            BodyTooLarge: more than `max_decompressed` bytes once decompressed, or more samples, series, exemplars, buckets or bytes
                of labels than allowed.
            MalformedBody: not snappy's block format, or not a Request; the message says where.
        """
        return self.decode_message(decompress(body, max_decompressed=max_decompressed), roster)

    def decode_message(self, data: bytes, roster: Roster) -> Decoded:
        """Decode a Request that is not compressed; errors as `decode`."""
        scanned = _scan(data, self._max_samples)
        numbers, faults = self._series.numbers(scanned, roster)
        refused = _refused(scanned, faults)
        if refused:
            numbers[list(refused)] = ABSENT
        unused = bool((scanned.kinds & (layout.HAS_SAMPLES | layout.HAS_HISTOGRAMS) == 0).any())
        batch, left_out, stale = batch_of(
            data, scanned.rows, Series(roster, numbers, refused, unused), self._max_samples
        )
        return Decoded(
            batch,
            _exemplars(scanned, numbers, roster) if scanned.exemplars else NO_EXEMPLARS,
            self._descriptions.said(scanned) if scanned.described else {},
            left_out,
            stale,
        )


def _scan(data: bytes, max_samples: int) -> Request:
    most = min(len(data) // 2, max_samples)  # no field is shorter than 2 bytes
    sizes = (_SYMBOL_BYTES, _SERIES_BYTES, _SAMPLE_BYTES, _HISTOGRAM_BYTES)
    guesses = [min(len(data) // size + 16, most) for size in sizes]
    for (symbols, series, samples, histograms), refs in (
        (guesses, len(data) // _REF_BYTES + 16),
        (4 * [most], len(data)),
    ):
        rows = Rows(
            np.empty(samples, np.uint32),
            np.empty(samples, np.int64),
            np.empty(samples, np.float64),
            np.empty(histograms, np.int64),
            np.empty(histograms, np.int64),
            np.empty(histograms, np.int64),
        )
        symbol_start, symbol_end = np.empty(symbols, np.int64), np.empty(symbols, np.int64)
        all_refs, series_refs = np.empty(refs, np.uint32), np.empty(series + 1, np.int64)
        kinds, descriptions = np.empty(series, np.uint8), np.empty(layout.DESCRIPTION * series, np.int64)
        found = np.zeros(layout.FOUND, np.int64)
        status = scan(
            data,
            symbol_start,
            symbol_end,
            all_refs,
            series_refs,
            kinds,
            descriptions,
            rows.series,
            rows.times,
            rows.values.view(np.uint32),
            rows.histogram_row,
            rows.histogram_start,
            rows.histogram_end,
            found,
        )
        if status != FULL:
            break
    else:
        raise too_many(max_samples)
    if status != DONE:
        raise malformed(status, int(found[layout.OFFSET]))
    if found[layout.EXEMPLARS] > max_samples:
        raise too_many(max_samples)
    s, k = int(found[layout.SYMBOLS]), int(found[layout.SERIES])
    if data and not s and not k:
        raise MalformedBody("the body is no remote-write 2.0 request: it has neither symbols nor series")
    if (s and symbol_start[0] != symbol_end[0]) or (k and not s):
        raise MalformedBody("the body is no remote-write 2.0 request: its first symbol is not the empty string")
    return Request(
        data,
        symbol_start[:s],
        symbol_end[:s],
        _judged(data, symbol_start[:s], symbol_end[:s]),
        all_refs[: found[layout.REFS]],
        series_refs[: k + 1],
        kinds[:k],
        descriptions[: layout.DESCRIPTION * k],
        rows.first(int(found[layout.SAMPLES]), int(found[layout.HISTOGRAMS])),
        int(found[layout.EXEMPLARS]),
        int(found[layout.DESCRIBED]),
    )


def _judged(data: bytes, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.uint8]:
    """What each symbol is."""
    kinds = np.empty(len(starts), np.uint8)
    text.judge_symbols(data, starts, ends, kinds)
    for row in np.flatnonzero(kinds & text.NOT_ASCII).tolist():
        try:
            data[starts[row] : ends[row]].decode()
        except UnicodeDecodeError:
            kinds[row] |= text.NOT_TEXT
    return kinds


def _refused(scanned: Request, faults: NDArray[np.uint8]) -> Mapping[int, BadData]:
    """Why series are left out, by their places: one error for each rule, which names the first that breaks it."""
    has_samples = scanned.kinds & layout.HAS_SAMPLES != 0
    has_histograms = scanned.kinds & layout.HAS_HISTOGRAMS != 0
    both, neither = has_samples & has_histograms, scanned.kinds == 0
    if not faults.any() and not both.any() and not neither.any():
        return {}
    refused: dict[int, BadData] = {}
    for said, broken in ((_BOTH, both), (_NEITHER, neither)):
        places = np.flatnonzero(broken & (faults == text.GOOD)).tolist()
        if places:
            error = MalformedBody(f"series {_shown(scanned, places[0])}: {said}", rule=said)
            refused |= dict.fromkeys(places, error)
    for fault, said in _BROKEN.items():
        places = np.flatnonzero(faults == fault).tolist()
        if places:
            refused |= dict.fromkeys(places, InvalidLabel(f"series {_shown(scanned, places[0])}: {said}", rule=said))
    return refused


def _shown(scanned: Request, series: int) -> str:
    """A series as PromQL writes it, as far as it can be told."""
    refs = scanned.refs[scanned.series_refs[series] : scanned.series_refs[series + 1]].tolist()
    return str(
        Labels((scanned.symbol(one), scanned.symbol(two)) for one, two in zip(refs[:40:2], refs[1:40:2], strict=False))
    )[:200]


def _exemplars(scanned: Request, numbers: NDArray[np.int64], roster: Roster) -> ExemplarBatch:
    count, data = scanned.exemplars, scanned.data
    owners, times, values = np.empty(count, np.uint32), np.empty(count, np.int64), np.empty(count, np.float64)
    refs, offsets, found = np.empty(len(data), np.uint32), np.empty(count + 1, np.int64), np.zeros(1, np.int64)
    status = scan_exemplars(data, owners, times, values.view(np.uint32), refs, offsets, found)
    if status != DONE:
        raise malformed(status, int(found[0]))
    sets, faults = label_sets(scanned, refs[: offsets[-1]], offsets)
    texts: list[bytes | None] = list(sets.texts())
    for row in np.flatnonzero(faults != text.GOOD).tolist():
        texts[row] = _sorted(scanned, refs[offsets[row] : offsets[row + 1]], int(faults[row]))
    labels = [one for one in texts if one is not None]
    if len(labels) < count:
        kept = np.array([one is not None for one in texts], np.bool_)
        owners, times, values = owners[kept], times[kept], values[kept]
    return exemplars_of(numbers, ExemplarFields(owners, labels, values, times, count - len(labels)), roster)


def _sorted(scanned: Request, refs: NDArray[np.uint32], fault: int) -> bytes | None:
    """The canonical bytes of an exemplar's labels that are only in another order."""
    if (
        fault != text.UNSORTED
        or (scanned.symbol_kind[np.minimum(refs, len(scanned.symbol_kind) - 1)] & text.NOT_TEXT).any()
    ):
        return None
    if int(refs.max()) >= len(scanned.symbol_start):
        return None
    texts = [scanned.symbol(number) for number in refs.tolist()]
    found = dict(zip(texts[0::2], texts[1::2], strict=True))
    return Labels.of(found).canonical() if 2 * len(found) == len(texts) and "" not in found else None
