"""Pieces of a source to the server: several requests at a time, and again where it asks for patience."""

import re
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from sightline.adapters.inbound.cli.asking import Answer, Asking, post, succeed
from sightline.adapters.inbound.cli.history.source import Mark, Piece, Source
from sightline.adapters.inbound.cli.history.tally import Outcome, Tally
from sightline.adapters.inbound.cli.program import Ended, Exit
from sightline.adapters.wire.history_excerpt import Excerpt
from sightline.adapters.wire.remote_read_answer import Written, counted, halves
from sightline.adapters.wire.remote_write_encode import message
from sightline.adapters.wire.snappy import compress

PART: Final = 100_000
"""Samples of a request at most: as many as an entry of the server's log holds."""
AT_ONCE: Final = 4
"""Requests under way."""
PATIENCE: Final = 200
"""How often a request that the server cannot take now is sent again."""
UNREACHED: Final = 8
"""How often a request is sent again when nobody answers any more."""

_ON_THE_WAY: Final = 10_000
"""Milliseconds between reading a sample and its arrival, about, and not less."""
_LATER: Final = frozenset({429, 503})
_REFUSED: Final = 400
_TOO_LARGE: Final = 413
_LONGEST_PAUSE: Final = 30.0
_HEADERS: Final = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}
_COUNTED: Final = re.compile(r"(\d+) samples? (?:was|were) refused")
_SUMS: Final = re.compile(r"; \d+ samples? (?:was|were) refused, .*\Z", re.DOTALL)
"""What a refusal says of its own request, which is a part of the import only."""
_PARTLY: Final = frozenset({"sample_out_of_bounds", "label_invalid", "series_id_collision", "bad_data"})


@dataclass(frozen=True, slots=True)
class Bounds:
    """Which samples are wanted, ms, both ends included; and since when the server keeps any, None where it does not say.

    kept: how the server says how long that is. skip_old: leave out what is older, instead of ending.
    """

    start: int
    end: int
    oldest: int | None
    kept: str = ""
    skip_old: bool = False


@dataclass(slots=True, eq=False)
class Delivery:
    """One import. reach: is told a mark up to which all is stored, with how far the source is. dry: nothing is sent."""

    asking: Asking
    bounds: Bounds
    tally: Tally
    reach: Callable[[Mark, int], None]
    dry: bool = False
    _stopped: threading.Event = field(default_factory=threading.Event)
    _answered: bool = False
    _began: float = field(default_factory=time.monotonic)

    def run(self, source: Source, since: Mark) -> None:
        """Bring everything after a mark.

        Raises:
            Ended: the source cannot be read, holds what the server does not keep, or the server cannot be asked.
            KeyboardInterrupt: the person wants it to stop; what is under way is finished.
        """
        waiting: deque[tuple[Future[Outcome] | None, Piece | None]] = deque()
        with ThreadPoolExecutor(AT_ONCE, "import") as senders:
            try:
                for piece in source.pieces(since):
                    for part in self._parts(piece):
                        waiting.append((None if self.dry else senders.submit(self._send, part), None))
                        while len(waiting) > 2 * AT_ONCE or (waiting and _is_done(*waiting[0])):
                            self._settle(waiting)
                    waiting.append((None, piece))
                while waiting:
                    self._settle(waiting)
            except BaseException:
                self._stopped.set()
                # What is under way may still count, up to the first that does not go well.
                with suppress(Ended):
                    while waiting:
                        self._settle(waiting)
                raise

    def _settle(self, waiting: deque[tuple[Future[Outcome] | None, Piece | None]]) -> None:
        """Wait for the oldest; it stays the oldest when it fails, or when somebody interrupts."""
        sent, piece = waiting[0]
        if sent is not None:
            self.tally.note_sent(sent.result())
        if piece is not None:
            self.reach(piece.after, piece.reached)
        waiting.popleft()

    def _parts(self, piece: Piece) -> Sequence[Excerpt | Written]:
        """What of a piece is to be sent, in requests."""
        content = piece.content
        if isinstance(content, Written):
            self.tally.note_read(content)
            return [content] if content.samples or content.histograms else []
        self.tally.note_unread(content, piece.where)
        content = self._kept(content, piece.where)
        self.tally.note_read(content)
        return list(content.parts(PART)) if len(content.batch) else []

    def _kept(self, content: Excerpt, where: str) -> Excerpt:
        """Only what is wanted and the server keeps."""
        bounds, times = self.bounds, content.batch.times
        if not len(times):
            return content
        wanted = (times >= bounds.start) & (times <= bounds.end)
        if not wanted.all():
            self.tally.outside += len(times) - int(wanted.sum())
            content = content.only(wanted)
            times = content.batch.times
        if bounds.oldest is None or not len(times):
            return content
        # What is kept grows younger while the import goes on.
        oldest = bounds.oldest + (
            round(1000 * (time.monotonic() - self._began)) + _ON_THE_WAY if bounds.skip_old else 0
        )
        if int(times.min()) >= oldest:
            return content
        old = times < oldest
        if not bounds.skip_old:
            raise too_old(bounds, int(times.min()), where)
        self.tally.too_old += int(old.sum())
        return content.only(~old)

    def _send(self, part: Excerpt | Written) -> Outcome:
        """Store a part; in halves when it is more than the server takes at once."""
        plain = part.message if isinstance(part, Written) else message(part.batch, part.names)
        count = part.samples + part.histograms if isinstance(part, Written) else len(part.batch)
        answer = self._patiently(compress(plain))
        if answer.status == _TOO_LARGE:
            return self._halved(part, answer)
        if answer.status == _REFUSED:
            found = _refusal(answer)
            if found.get("code") in _PARTLY:
                said = str(found.get("error", ""))
                stored = _stored(answer, said, count)
                return Outcome(stored, count - stored, str(found["code"]), _SUMS.sub("", said))
        succeed(self.asking, answer)
        return Outcome(count)

    def _halved(self, part: Excerpt | Written, answer: Answer) -> Outcome:
        if isinstance(part, Written):
            halved: list[Excerpt | Written] = [counted(one) for one in halves(part.message)]
        else:
            halved = list(part.parts((len(part.batch) + 1) // 2))
        if len(halved) < 2:  # noqa: PLR2004 - it cannot be made smaller
            succeed(self.asking, answer)
        sent = [self._send(one) for one in halved]
        worst = max(sent, key=lambda one: one.refused)
        return Outcome(sum(one.stored for one in sent), sum(one.refused for one in sent), worst.code, worst.message)

    def _patiently(self, body: bytes) -> Answer:
        """An answer that is not `later`."""
        tries, unreached, pause = 0, 0, 1.0
        while True:
            tries += 1
            try:
                answer = post(self.asking, "/api/v1/write", body, _HEADERS)
            except Ended as end:
                unreached += 1
                if (
                    end.code is not Exit.UNREACHABLE
                    or not self._answered
                    or unreached > UNREACHED
                    or self._stopped.is_set()
                ):
                    raise
                after = ""
            else:
                self._answered = True
                if answer.status not in _LATER or tries > PATIENCE:
                    return answer
                after = answer.headers.get("retry-after", "")
            if self._stopped.wait(min(_LONGEST_PAUSE, float(after) if after.isdecimal() else pause)):
                raise Ended(Exit.REFUSED)
            pause = min(_LONGEST_PAUSE, 2 * pause)


def _is_done(sent: Future[Outcome] | None, _piece: Piece | None) -> bool:
    return sent is None or sent.done()


def too_old(bounds: Bounds, moment: int, where: str, *, before: bool = False) -> Ended:
    """What to say of samples that the server would refuse; `before` says that they are from some time before the moment."""
    from sightline.adapters.inbound.cli.printing import time_text

    when = f"{'from before' if before else 'of'} {time_text(moment / 1000)}"
    return Ended(
        Exit.REFUSED,
        f"{where} has samples {when}, and the server keeps {bounds.kept} (`retention`).\n"
        "Set `retention` to what you want to keep, such as 5y, and start the server again; "
        "or leave out what is older with --skip-old.",
    )


def _stored(answer: Answer, said: str, count: int) -> int:
    """How many samples of a request that was refused in part are stored: by the headers of remote write 2.0, or in words."""
    told = [answer.headers.get(f"x-prometheus-remote-write-{kind}-written", "") for kind in ("samples", "histograms")]
    if told[0].isdecimal():
        return min(count, sum(int(one) for one in told if one.isdecimal()))
    refused = _COUNTED.search(said)
    return max(0, count - int(refused[1])) if refused else 0


def _refusal(answer: Answer) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(answer.body)
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}
