"""The body of a scrape to sample columns: Prometheus' text format and OpenMetrics.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/ (text 0.0.4 and 1.0.0) and
https://prometheus.io/docs/specs/om/open_metrics_spec/ (1.0). Where they leave room, what Prometheus takes is taken: a missing line
feed at the end, blanks around everything. CRLF is taken in the text format.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from sightline.adapters.wire.exposition_comments import CommentCache, CommentMalformed
from sightline.adapters.wire.exposition_exemplar import ExposedExemplar, read_exemplar
from sightline.adapters.wire.exposition_line import EXEMPLAR, after_series
from sightline.adapters.wire.exposition_numbers import milliseconds, number, numbers, seconds
from sightline.adapters.wire.exposition_series import LineMalformed, SeriesCache, extent, shown
from sightline.domain.errors import BodyTooLarge, MalformedBody, UnsupportedMediaType
from sightline.domain.labels import Labels
from sightline.domain.metrics.exemplars import NO_EXEMPLARS, ExemplarBatch
from sightline.domain.metrics.samples import Index, Times, Values
from sightline.domain.scrape.scraped import NO_TIME, Scraped

TEXT: Final = "text/plain; version=0.0.4"
OPENMETRICS: Final = "application/openmetrics-text; version=1.0.0"

END: Final = b"# EOF"
"""The last line of OpenMetrics."""
MAX_SAMPLES: Final = 1_000_000
"""Samples that one body may bring."""
MAX_CACHED_BYTES: Final = 256 << 20
"""Memory for label sets that are known from earlier bodies: some 500,000 distinct series; targets of one kind share theirs."""
# A sample may have its own HELP, TYPE and UNIT; a page of more lines says nothing on most of them.
_LINES_PER_SAMPLE: Final = 4

_BLANKS: Final = b" \t"


class ExpositionDecoder:
    """Decodes bodies and remembers their label sets and comments. One for all targets, since many say the same. Thread-safe.

    A line whose series an earlier body had costs a dictionary look-up and float(); see `SeriesCache` for what is remembered.
    """

    def __init__(self, *, max_samples: int = MAX_SAMPLES, max_cached_bytes: int = MAX_CACHED_BYTES) -> None:
        self._max_samples = max_samples
        self._series = SeriesCache(max_cached_bytes)
        self._comments = CommentCache(max_cached_bytes // 16)

    def decode(
        self,
        body: bytes,
        media_type: str | None,
        *,
        fallback: str | None = None,
        last: Scraped | None = None,
        every: bool = False,
    ) -> Scraped:
        """The samples of a body, all or none.

        media_type: its Content-Type. fallback: the type to read it as when that is missing or unknown.
        last: what the same target said before; when the series are the same in the same order, so is the tuple `labels`.
        Of samples of one series at one time the first counts; `duplicates` says how many others there were. every: they all
        count, in the order in which they stood.

        Raises:
            UnsupportedMediaType: neither of the formats, and no fallback.
            MalformedBody: not the format; the message says which line and what was expected.
            BodyTooLarge: more samples than allowed.
        """
        openmetrics = is_openmetrics(media_type, fallback)
        lines = self._lines(body, openmetrics=openmetrics)
        try:
            page = self._read(_Page(lines, openmetrics), self._series.known)
            values, times = _columns(page)
        except MalformedBody:
            # Perhaps only a line that is written in an unusual way and was cut in the wrong place: now every line in full, which
            # also names the same mistake whatever was known before.
            page = self._read(_Page(lines, openmetrics), {})
            values, times = _columns(page)
        if len(values) > self._max_samples:
            raise self._too_many("samples", self._max_samples)
        return self._scraped(page, values, times, last, every=every)

    def _lines(self, body: bytes, *, openmetrics: bool) -> list[bytes]:
        allowed = _LINES_PER_SAMPLE * self._max_samples
        if body.count(b"\n") > allowed:
            raise self._too_many("lines", allowed)
        if not openmetrics and b"\r" in body:
            body = body.replace(b"\r\n", b"\n")
        lines = body.split(b"\n")
        if not lines[-1]:
            lines.pop()
        if openmetrics:
            check_end(lines)
            lines.pop()
        return lines

    @staticmethod
    def _too_many(what: str, allowed: int) -> BodyTooLarge:
        return BodyTooLarge(
            f"the body holds more than {allowed} {what}; intake.request_samples says how many samples one may bring",
            limit="intake.request_samples",
            allowed=allowed,
        )

    def _read(self, page: "_Page", known: Mapping[bytes, Labels]) -> "_Page":
        """Sort the lines of a page into samples and comments."""
        # Nearly all lines are `series value` or `series value time` with a series that is known, and text that goes on after its
        # series is never among the known.
        get, found, values = known.get, page.found, page.values
        for line in page.lines:
            series, _, value = line.rpartition(b" ")
            labels = get(series)
            if labels is not None:
                found.append(labels)
                values.append(value)
            elif line[:1] == b"#":
                page.comments.append(line)
            else:
                series, _, before = series.rpartition(b" ")
                labels = get(series)
                if labels is not None:
                    page.times.append((len(found), value))
                    found.append(labels)
                    values.append(before)
                elif not (page.openmetrics and EXEMPLAR in line and _read_exemplified(page, line, known)):
                    self._read_unknown(page, line)
        return page

    def _read_unknown(self, page: "_Page", line: bytes) -> None:
        """A line of a series not seen lately, or with a time, or written in an unusual way."""
        start = len(line) - len(line.lstrip(_BLANKS))
        if start == len(line):
            if page.openmetrics:
                raise _malformed(page.line_number(), "expected a sample or a comment, found a blank line")
            page.blanks += 1
            return
        if line[start : start + 1] == b"#":
            page.comments.append(line)
            return
        if len(page.found) == self._max_samples:  # at once, for what is not known costs most
            raise self._too_many("samples", self._max_samples)
        page.one_generation = False
        try:
            labels, end = self._series_of(line, start)
            value, time, exemplar = after_series(line, end, openmetrics=page.openmetrics)
            if exemplar is not None:
                page.exemplars.append((len(page.found), read_exemplar(exemplar)))
        except LineMalformed as error:
            raise _malformed(page.line_number(), str(error)) from None
        if time is not None:
            page.times.append((len(page.found), time))
        page.found.append(labels)
        page.values.append(value)

    def _series_of(self, line: bytes, start: int) -> tuple[Labels, int]:
        """The label set that a line begins with, and where the text of it ends."""
        end = extent(line, start)
        if line[end:].lstrip(_BLANKS)[:1] == b"{":
            raise LineMalformed(f"expected }} at the end of the labels, found {shown(line[end:])}")
        if end == start:
            raise LineMalformed(f"expected a metric name or {{, found {shown(line[start:])}")
        series = line[start:end]
        return self._series.find(series) or self._series.learn(series), end

    def _scraped(self, page: "_Page", values: Values, times: Times, last: Scraped | None, *, every: bool) -> Scraped:
        try:
            metadata = self._comments.read(page.comments, strict=page.openmetrics)
        except CommentMalformed as error:
            raise _malformed(page.line_of_comment(error.comment), str(error)) from None
        labels, series = distinct(page.found, by_identity=page.one_generation)
        if last is not None and labels == last.labels:
            labels = last.labels
        exemplars = _exemplars(page, labels, series, times) if page.exemplars else NO_EXEMPLARS
        duplicates = 0
        if len(labels) != len(series) and not every:
            first = first_of_each(series, times)
            duplicates = len(series) - len(first)
            series, times, values = series[first], times[first], values[first]
        return Scraped(labels, series, times, values, metadata, duplicates, exemplars)


@dataclass(slots=True)
class _Page:
    """A body being read. found, values: one a sample. times, exemplars: of those that brought one, by their position.

    one_generation: all series come from one generation of the cache, in which equal label sets are one object.
    """

    lines: list[bytes]
    openmetrics: bool
    found: list[Labels] = field(default_factory=list)
    values: list[bytes] = field(default_factory=list)
    times: list[tuple[int, bytes]] = field(default_factory=list)
    comments: list[bytes] = field(default_factory=list)
    exemplars: list[tuple[int, ExposedExemplar]] = field(default_factory=list)
    blanks: int = 0
    one_generation: bool = True

    def line_number(self) -> int:
        """The line being read, from 1."""
        return len(self.found) + len(self.comments) + self.blanks + 1

    def line_of_sample(self, sample: int) -> int:
        """The line, from 1, on which a sample stands."""
        of_samples = (
            number for number, line in enumerate(self.lines, 1) if line.strip(_BLANKS) and not _is_comment(line)
        )
        return next(number for index, number in enumerate(of_samples) if index == sample)

    def line_of_comment(self, comment: int) -> int:
        """The line, from 1, on which a comment stands."""
        of_comments = (number for number, line in enumerate(self.lines, 1) if _is_comment(line))
        return next(number for index, number in enumerate(of_comments) if index == comment)


def check_end(lines: Sequence[bytes]) -> None:
    """Refuse an OpenMetrics page that does not end where it says it does."""
    if lines and lines[-1] == END:
        return
    if END in lines:
        after = lines.index(END) + 1
        raise _malformed(after + 1, f"expected nothing after # EOF, found {shown(lines[after])}")
    raise _malformed(len(lines) + 1, "expected # EOF, found the end of the body")


def _is_comment(line: bytes) -> bool:
    return line.lstrip(_BLANKS)[:1] == b"#"


def is_openmetrics(media_type: str | None, fallback: str | None = None) -> bool:
    """Which format a Content-Type names; versions and other parameters do not change how it is read, as in Prometheus."""
    for named in (media_type, fallback):
        kind = (named or "").partition(";")[0].strip().lower()
        if kind in {"text/plain", "application/openmetrics-text"}:
            return kind != "text/plain"
    said = f"its Content-Type is {media_type[:100]!r}" if media_type else "it has no Content-Type"
    raise UnsupportedMediaType(
        f"no exposition that can be read: {said}; text/plain and application/openmetrics-text are read"
    )


def _read_exemplified(page: _Page, line: bytes, known: Mapping[bytes, Labels]) -> bool:
    """Read a line with an exemplar whose series is known; false, and nothing is read, when it is not."""
    sample, _, exemplar = line.partition(EXEMPLAR)
    series, _, value = sample.rpartition(b" ")
    labels, time = known.get(series), None
    if labels is None:
        time = value
        series, _, value = series.rpartition(b" ")
        labels = known.get(series)
        if labels is None:
            return False
    try:
        page.exemplars.append((len(page.found), read_exemplar(exemplar)))
    except LineMalformed as error:
        raise _malformed(page.line_number(), str(error)) from None
    if time is not None:
        page.times.append((len(page.found), time))
    page.found.append(labels)
    page.values.append(value)
    return True


def _exemplars(page: _Page, labels: tuple[Labels, ...], series: Index, times: Times) -> ExemplarBatch:
    """The exemplars of a page; `series` and `times` are those of all its samples."""
    found = [(sample, exemplar, exemplar.labels) for sample, exemplar in page.exemplars]
    kept = [(sample, exemplar, text) for sample, exemplar, text in found if text is not None]
    samples = np.array([sample for sample, _, _ in kept], np.intp)
    own = np.array([exemplar.time for _, exemplar, _ in kept], np.int64)
    return ExemplarBatch(
        labels,
        series[samples],
        [text for _, _, text in kept],
        np.array([exemplar.value for _, exemplar, _ in kept], np.float64),
        np.where(own == NO_TIME, times[samples], own),
        own != NO_TIME,
        len(found) - len(kept),
    )


def _columns(page: _Page) -> tuple[Values, Times]:
    """Values and times of the samples of a page, each (n,)."""
    try:
        values = numbers(page.values)
    except ValueError:
        raise _bad_number(page) from None
    times = np.full(len(values), NO_TIME, np.int64)
    read = seconds if page.openmetrics else milliseconds
    for sample, text in page.times:
        try:
            times[sample] = read(text)
        except ValueError as error:
            wanted = "seconds" if page.openmetrics else "milliseconds"
            message = f"expected a time in {wanted}, found {shown(text)}: {error}"
            raise _malformed(page.line_of_sample(sample), message) from None
    return values, times


def _bad_number(page: _Page) -> MalformedBody:
    """The error for the first value that is none."""
    for sample, text in enumerate(page.values):
        try:
            number(text)
        except ValueError:
            return _malformed(page.line_of_sample(sample), f"expected a number, found {shown(text)}")
    raise AssertionError("every value is a number")


def _malformed(line: int, message: str) -> MalformedBody:
    return MalformedBody(f"line {line}: {message}", line=line)


def distinct(found: Sequence[Labels], *, by_identity: bool) -> tuple[tuple[Labels, ...], Index]:
    """Each label set once, and which of them each sample has, uint32 (n,).

    by_identity: equal ones are one object.
    """
    if by_identity and len(set(map(id, found))) == len(found):
        return tuple(found), np.arange(len(found), dtype=np.uint32)
    position: dict[Labels, int] = {}
    series = [position.setdefault(one, len(position)) for one in found]
    return tuple(position), np.array(series, np.uint32)


def first_of_each(series: Index, times: Times) -> Index:
    """Positions of the samples that are the first of their series and time, in order."""
    seen: set[tuple[int, int]] = set()
    first = []
    for position, one in enumerate(zip(series.tolist(), times.tolist(), strict=True)):
        if one not in seen:
            seen.add(one)
            first.append(position)
    return np.array(first, np.uint32)
