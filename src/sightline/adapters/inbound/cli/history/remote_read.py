"""A running Prometheus, asked by remote read, a stretch of time after another.

Source: https://prometheus.io/docs/prometheus/latest/querying/remote_read_api/. What comes is sent on as it is, native histograms
and stale markers too; a stretch is as long as about `SAMPLES` samples are.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from typing_extensions import override

from sightline.adapters.inbound.cli.history.delivery import PART
from sightline.adapters.inbound.cli.history.fetching import Refused, address, fetched, shown
from sightline.adapters.inbound.cli.history.flags import Credentials
from sightline.adapters.inbound.cli.history.source import Mark, Piece, Source
from sightline.adapters.inbound.cli.program import Ended, Exit
from sightline.adapters.wire.history_excerpt import NOTHING_ADDED
from sightline.adapters.wire.remote_read_answer import Written, read_request, written
from sightline.adapters.wire.snappy import compress, decompress
from sightline.domain.errors import BodyTooLarge, MalformedBody
from sightline.domain.labels import Labels, Matcher
from sightline.domain.timerange import DAY, MINUTE, SECOND

SAMPLES: Final = 1_000_000
"""Samples that a stretch is to have."""
FIRST: Final = MINUTE
"""How long the first stretch is."""
LONGEST: Final = DAY
"""How long any may be: many series may begin where there were none."""
SHORTEST: Final = SECOND

_MOST_BYTES: Final = 1 << 30
_GROWTH: Final = 4
_TOO_MUCH: Final = frozenset({400, 413, 422, 500, 503})
_PATH: Final = "/api/v1/read"
_LOWEST: Final = re.compile(rb"^prometheus_tsdb_lowest_timestamp_seconds ([0-9.e+]+)$", re.MULTILINE)
_HEADERS: Final = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "Accept-Encoding": "snappy",
    "X-Prometheus-Remote-Read-Version": "0.1.0",
}


class RemoteRead(Source):
    """What some selectors find from start to end, ms, both included. A mark's offset is the time that comes next.

    lowest: since when it has samples, ms; 0 where it does not tell.
    """

    unit = "ms"

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        selectors: Sequence[Sequence[Matcher]],
        start: int,
        end: int,
        added: Labels = NOTHING_ADDED,
    ) -> None:
        """`url` is where Prometheus listens, or the whole address of its remote read."""
        address(url)
        self._base = url.rstrip("/").removesuffix(_PATH)
        self._credentials = credentials
        self._selectors = selectors
        self._added = added
        self._end = end
        self.lowest = self._lowest()
        self._start = max(start, self.lowest)
        self.total = max(0, end - self._start)
        told = [" ".join(map(str, one)) for one in selectors]
        self.key = "\n".join(["remote read", self._base, str(credentials.source_tenant), str(added), *told])

    @override
    def pieces(self, since: Mark) -> Iterator[Piece]:
        at = max(self._start, since.offset)
        width = FIRST
        while at <= self._end:
            until = min(self._end, at + width - 1)
            try:
                answers = [self._answer(one, at, until) for one in self._selectors]
            except BodyTooLarge as error:
                if until - at < SHORTEST:
                    raise Ended(Exit.REFUSED, f"{shown(self._base)}: {error.message}") from None
                width = max(SHORTEST, (until + 1 - at) // _GROWTH)
                continue
            parts = self._parts(answers)
            length, after = until + 1 - at, until + 1
            where = f"{shown(self._base)} from {at} ms"
            for number, part in enumerate(parts, 1):
                mark = Mark(0, after if number == len(parts) else at)
                yield Piece(part, mark, mark.offset - self._start, where)
            at, count = after, sum(part.samples + part.histograms for part in parts)
            suits = length * SAMPLES // count if count else LONGEST
            width = max(SHORTEST, min(LONGEST, suits, _GROWTH * max(length, width)))

    def _parts(self, answers: Sequence[bytes]) -> list[Written]:
        """What the answers hold, as requests."""
        try:
            return [part for answer in answers for part in written(answer, PART, self._added)]
        except MalformedBody as error:
            raise Ended(Exit.REFUSED, f"{shown(self._base)}: {error.message}") from None

    def _answer(self, matchers: Sequence[Matcher], start: int, end: int) -> bytes:
        """A ReadResponse.

        Raises:
            BodyTooLarge: it would be too long, or is more than Prometheus reads at once.
            Ended: Prometheus says no for another reason.
        """
        body = compress(read_request(matchers, start, end))
        try:
            with fetched(f"{self._base}{_PATH}", self._credentials, body, _HEADERS) as answer:
                packed = answer.read(_MOST_BYTES + 1)
        except Refused as refused:
            if refused.status in _TOO_MUCH and "limit" in str(refused):
                raise BodyTooLarge(f"{refused} (HTTP {refused.status})") from None
            message = f"{shown(self._base)} refuses remote read (HTTP {refused.status}): {refused}"
            raise Ended(Exit.REFUSED, message) from None
        try:
            return decompress(packed, max_decompressed=_MOST_BYTES)
        except MalformedBody:
            message = f"something other than Prometheus' remote read answers at {shown(self._base)}{_PATH}"
            raise Ended(Exit.REFUSED, message) from None

    def _lowest(self) -> int:
        """Since when it may have samples, ms, if it tells."""
        try:
            with fetched(f"{self._base}/metrics", self._credentials) as answer:
                found = _LOWEST.search(answer.read(_MOST_BYTES))
        except Refused:
            return 0
        return 0 if found is None else int(1000 * float(found[1]))
