"""A running VictoriaMetrics, asked for its JSON lines a day at a time, and what it answers read as it comes.

Source: https://docs.victoriametrics.com/#how-to-export-data-in-json-line-format.
"""

from collections.abc import Iterator, Sequence
from typing import IO, Final, cast
from urllib.parse import urlencode

from typing_extensions import override

from sightline.adapters.inbound.cli.history.blocks import Content
from sightline.adapters.inbound.cli.history.fetching import Refused, address, fetched, shown
from sightline.adapters.inbound.cli.history.flags import Credentials
from sightline.adapters.inbound.cli.history.source import Mark, Piece, Source
from sightline.adapters.inbound.cli.program import Ended, Exit
from sightline.adapters.wire.history_json import JsonReader
from sightline.domain.labels import Labels
from sightline.domain.timerange import DAY

_PATH: Final = "/api/v1/export"
_EVERYTHING: Final = '{__name__!=""}'


class Export(Source):
    """What some selectors find from start to end, ms, both included. A mark's offset is the time that comes next."""

    unit = "ms"

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        selectors: Sequence[str],
        start: int,
        end: int,
        added: Labels,
    ) -> None:
        """`url` is where VictoriaMetrics listens (of a cluster, up to .../prometheus), or the whole address of its export."""
        address(url)
        self._base = url.rstrip("/").removesuffix(_PATH)
        self._credentials = credentials
        self._selectors = tuple(selectors) or (_EVERYTHING,)
        self._start, self._end = max(0, start), end
        self._reader = JsonReader(added=added)
        self.total = max(0, end - self._start)
        self.key = "\n".join(["export", self._base, str(credentials.source_tenant), str(added), *self._selectors])

    def has_before(self, time: int) -> bool:
        """Whether it holds samples before an instant, ms."""
        fields = {"match[]": self._selectors, "start": "0", "end": f"{(time - 1) / 1000:.3f}", "max_rows_per_line": "1"}
        try:
            with fetched(f"{self._base}{_PATH}?{urlencode(fields, doseq=True)}", self._credentials) as answer:
                return bool(answer.read(1))
        except Refused as refused:
            raise self._refuses(refused) from None

    def _refuses(self, refused: Refused) -> Ended:
        return Ended(Exit.REFUSED, f"{shown(self._base)} refuses to export (HTTP {refused.status}): {refused}")

    @override
    def pieces(self, since: Mark) -> Iterator[Piece]:
        at = max(self._start, since.offset)
        while at <= self._end:
            until = min(self._end, at - at % DAY + DAY - 1)
            fields = {
                "match[]": self._selectors,
                "start": f"{at / 1000:.3f}",
                "end": f"{until / 1000:.3f}",
                "reduce_mem_usage": "1",
            }
            where = f"{shown(self._base)} from {at} ms"
            try:
                with fetched(f"{self._base}{_PATH}?{urlencode(fields, doseq=True)}", self._credentials) as answer:
                    stream = cast("IO[bytes]", answer)
                    for block in Content(stream, stream, seekable=False).blocks():
                        excerpt = self._reader.read(block.data, block.line)
                        yield Piece(excerpt, Mark(0, at), at - self._start, where)
            except Refused as refused:
                raise self._refuses(refused) from None
            at = until + 1
            yield Piece(self._reader.read(b"", 1), Mark(0, at), at - self._start, where)
