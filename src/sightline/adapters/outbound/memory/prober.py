"""A prober whose answers are set by hand."""

from typing_extensions import override

from sightline.domain.probes.options import Http
from sightline.domain.probes.outcome import Outcome
from sightline.ports.clock import Clock
from sightline.ports.prober import Attempt, Prober

_KIND = str(Http.__struct_config__.tag)


class MemoryProber(Prober):
    """Sees what was set for a url, one answer after the other and the last again and again; what was never set is well.

    seconds: how long it takes, by url; never longer than the timeout. attempts: what it was asked, with the wall time (ms).
    """

    def __init__(self, clock: Clock, kinds: frozenset[str] = frozenset({_KIND})) -> None:
        self._clock = clock
        self._kinds = kinds
        self._answers: dict[str, list[Outcome | Exception]] = {}
        self.seconds: dict[str, float] = {}
        self.attempts: list[tuple[int, Attempt]] = []

    @property
    @override
    def kinds(self) -> frozenset[str]:
        return self._kinds

    def set(self, url: str, *answers: Outcome | Exception) -> None:
        """What is seen of a url from now on; an exception is a defect."""
        self._answers[url] = list(answers)

    @override
    async def probe(self, attempt: Attempt) -> Outcome:
        url = attempt.definition.url
        self.attempts.append((self._clock.now(), attempt))
        if seconds := self.seconds.get(url, 0.0):
            await self._clock.sleep(min(seconds, attempt.timeout))
        answers = self._answers.get(url) or [Outcome(status=200)]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer
