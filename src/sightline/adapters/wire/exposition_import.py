"""A body of the exposition formats of which every line counts for itself: what can be read is taken, the rest is named."""

from dataclasses import dataclass
from typing import Final

from sightline.adapters.wire.exposition_decoder import END, ExpositionDecoder, check_end, is_openmetrics
from sightline.domain.errors import MalformedBody
from sightline.domain.metrics.left_out import LeftOut
from sightline.domain.scrape.scraped import Scraped

MAX_BAD_LINES: Final = 10_000
"""Lines that cannot be read, after which the rest of a body is not looked at: what has so many is something else."""

_FIRST: Final = "line 1: "  # how the decoder begins when it was given one line


@dataclass(frozen=True, slots=True)
class Imported:
    """The samples of a body, in their order and with repetitions, and the lines that are not among them."""

    scraped: Scraped
    left_out: tuple[LeftOut, ...] = ()


class ExpositionImport:
    """Reads bodies by a decoder that others may use too. Thread-safe as that is."""

    def __init__(self, decoder: ExpositionDecoder) -> None:
        self._decoder = decoder

    def decode(self, body: bytes, media_type: str, lines_before: int = 0) -> Imported:
        """What a body brings; a body in order costs what it costs the decoder. lines_before: of the same body, read already.

        Raises:
            UnsupportedMediaType, BodyTooLarge: as the decoder says.
            MalformedBody: an OpenMetrics body that does not end as it should: who knows what is missing?
        """
        try:
            return Imported(self._decoder.decode(body, media_type, every=True))
        except MalformedBody:
            lines, ending = body.split(b"\n"), b""
            if is_openmetrics(media_type):
                lines, ending = lines if lines[-1] else lines[:-1], END
                check_end(lines)
                lines.pop()
            sieve = _Sieve(self._decoder, lines, media_type, ending, lines_before)
            good = sieve.good(0, len(lines))
            text = b"\n".join([*(lines[number] for number in good), ending])
            return Imported(self._decoder.decode(text, media_type, every=True), tuple(sieve.left_out))


class _Sieve:
    """Tells the lines that can be read from those that cannot, by halves, so that a few bad ones cost little."""

    def __init__(
        self, decoder: ExpositionDecoder, lines: list[bytes], media_type: str, ending: bytes, lines_before: int
    ) -> None:
        self._decoder = decoder
        self._lines = lines
        self._media_type = media_type
        self._ending = ending
        self._before = lines_before
        self.left_out: list[LeftOut] = []

    def good(self, start: int, stop: int) -> list[int]:
        """The lines of a part that can be read, by their numbers from 0; the others are left out."""
        if len(self.left_out) > MAX_BAD_LINES:
            return []
        try:
            self._decoder.decode(b"\n".join([*self._lines[start:stop], self._ending]), self._media_type)
        except MalformedBody as error:
            if stop - start == 1:
                self._leave_out(start, error)
                return []
        else:
            return list(range(start, stop))
        middle = (start + stop) // 2
        return self.good(start, middle) + self.good(middle, stop)

    def _leave_out(self, number: int, error: MalformedBody) -> None:
        line = self._before + number + 1
        samples = 0 if self._lines[number].lstrip(b" \t")[:1] in {b"", b"#"} else 1
        if len(self.left_out) == MAX_BAD_LINES:
            said = f"line {line}: the rest is not read, for {MAX_BAD_LINES} lines before it could not be"
            samples = len(self._lines) - number
        else:
            said = f"line {line}: {error.message.removeprefix(_FIRST)}"
        self.left_out.append(LeftOut(MalformedBody(said, line=line), samples))
