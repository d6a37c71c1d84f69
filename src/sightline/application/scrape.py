"""Scrape targets: ask, name what they show, take it in, and remember how they are doing."""

import asyncio
from dataclasses import dataclass, field
from typing import Final, Protocol

from sightline.application.metadata import MetricMetadata
from sightline.domain.errors import SightlineError
from sightline.domain.metrics.exemplars import NO_EXEMPLARS, ExemplarBatch
from sightline.domain.metrics.left_out import is_partial, refusal
from sightline.domain.metrics.samples import WriteBatch
from sightline.domain.scrape.relabel import Relabelling
from sightline.domain.scrape.scraped import Scraped
from sightline.domain.scrape.series import Adopted, Counts, TargetSeries
from sightline.domain.scrape.target import HEALTH, Health, Outcome, Target
from sightline.domain.tenancy import LOCAL, Principal
from sightline.ports.clock import Clock
from sightline.ports.scraper import Scraper
from sightline.ports.telemetry import Instrument, Kind, Telemetry

SCRAPES: Final = Instrument(
    "sightline_scrapes_total",
    "Scrapes by outcome: ok, or the reason of the failure.",
    Kind.COUNTER,
    ("outcome",),
)
DURATION: Final = Instrument(
    "sightline_scrape_duration_seconds",
    "How long scrapes took, taking in not included.",
    Kind.HISTOGRAM,
    (),
    (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)
BYTES: Final = Instrument("sightline_scrape_body_bytes_total", "Bytes of scraped bodies, uncompressed.", Kind.COUNTER)
DUPLICATES: Final = Instrument(
    "sightline_scrape_duplicate_samples_total",
    "Samples that were left out because their body had another of the same series and time before.",
    Kind.COUNTER,
)

# Scrapes that are this little late keep the even distance of their samples, which then take less room; Prometheus does the same.
_TOLERANCE: Final = 2
# Naming a series that was not there before takes about 13 us.
_NAMED_ON_LOOP: Final = 1_000


class IngestSamples(Protocol):
    """The part of the ingest use case that scraping needs."""

    async def __call__(self, principal: Principal, batch: WriteBatch, /) -> int:
        """Store a batch under the principal's tenant; when this returns it is acknowledged.

        Raises:
            SightlineError: the batch cannot be taken in.
        """
        ...


class KeepExemplars(Protocol):
    """The part of the exemplars' use case that scraping needs."""

    async def keep(self, principal: Principal, batch: ExemplarBatch) -> int:
        """Take exemplars in, and tell how many are there now; what cannot be kept is counted and fails nothing."""
        ...


@dataclass(slots=True, eq=False)
class Followed:
    """A target that is scraped, and how it is doing.

    error: what the last scrape failed with, in words; empty when it went well. reason: the same for programs. scraped_at: wall time
    of the last scrape, ms; None before the first. seconds: how long it took. samples: how many it brought.
    """

    target: Target
    series: TargetSeries
    health: Health = Health.UNKNOWN
    error: str = ""
    reason: str = ""
    scraped_at: int | None = None
    seconds: float = 0.0
    samples: int = 0
    last: Scraped | None = field(default=None, repr=False)


class Scrape:
    """The use case. Samples are stored under the program's own principal, one batch a scrape.

    What fails, in the fetch, in the body, at a limit or at intake, is this target's own `up 0` with stale markers for its series.
    """

    def __init__(
        self,
        scraper: Scraper,
        ingest: IngestSamples,
        metadata: MetricMetadata,
        clock: Clock,
        telemetry: Telemetry,
        *,
        principal: Principal = LOCAL,
        exemplars: KeepExemplars | None = None,
    ) -> None:
        """`exemplars` takes those that targets show; None leaves them out."""
        self._scraper = scraper
        self._ingest = ingest
        self._metadata = metadata
        self._clock = clock
        self._telemetry = telemetry
        self._principal = principal
        self._exemplars = exemplars
        self._relabellings: dict[str, Relabelling] = {}

    def follow(self, target: Target) -> Followed:
        """Begin with a target that was not scraped yet."""
        job = target.job
        relabelling = self._relabellings.setdefault(job.job, Relabelling(job.metric_relabel))
        return Followed(target, TargetSeries(target.labels, job, relabelling))

    async def once(self, one: Followed) -> None:
        """Scrape a target and take in what it shows. What fails is counted and told in `one`, never raised."""
        target, started = one.target, self._clock.monotonic()
        time = self._time(one)
        adopted, counts, failure = None, Counts(), None
        try:
            page = await self._scraper.scrape(target, one.last)
            self._telemetry.add(BYTES, page.size)
            counts = Counts(len(page.scraped.series))
            counts = await self._count(one.series, page.scraped)
            adopted = one.series.adopt(page.scraped, counts, time)
            self._note(one, page.scraped)
        except SightlineError as error:
            failure = error
        seconds = self._clock.monotonic() - started
        failure = await self._take_in(one, adopted, counts, time, seconds) or failure
        if failure is None or is_partial(failure):
            await self._keep_exemplars(one, time)
        one.scraped_at, one.seconds, one.samples = time, seconds, counts.scraped
        self._tell(one, failure)

    async def end(self, one: Followed) -> None:
        """The target is gone: mark its series stale.

        Raises:
            SightlineError: intake does not take the markers.
        """
        self._metadata.forget(one.target)
        batch = one.series.ending(self._clock.now())
        if len(batch) and (refused := await self._store(one, batch)) and not is_partial(refused):
            raise refused

    @staticmethod
    async def _count(series: TargetSeries, scraped: Scraped) -> Counts:
        if series.knows(scraped) or len(scraped.labels) <= _NAMED_ON_LOOP:
            return series.count(scraped)
        return await asyncio.to_thread(series.count, scraped)

    async def _take_in(
        self, one: Followed, adopted: Adopted | None, counts: Counts, time: int, seconds: float
    ) -> SightlineError | None:
        """Store what a scrape brought, or that it failed; where intake takes nothing, that is a failed scrape too.

        What the decoder left out is told as what intake leaves out, which is told first.
        """
        batch = one.series.batch(adopted, time, seconds=seconds, counts=counts)
        refused = await self._store(one, batch)
        if refused is None and adopted is not None and one.last is not None and one.last.left_out:
            return refusal(one.last.left_out, len(batch))
        if refused is None or adopted is None or is_partial(refused):
            return refused
        await self._store(one, one.series.batch(None, time, seconds=seconds, counts=counts))
        return refused

    async def _keep_exemplars(self, one: Followed, time: int) -> None:
        """Those of a body whose samples are stored."""
        if self._exemplars is None or one.last is None or one.last.exemplars is NO_EXEMPLARS:
            return
        await self._exemplars.keep(self._principal, one.series.exemplars(one.last, time))

    async def _store(self, one: Followed, batch: WriteBatch) -> SightlineError | None:
        try:
            await self._ingest(self._principal, batch)
        except SightlineError as error:
            if is_partial(error):
                one.series.acknowledged()
            return error
        one.series.acknowledged()
        return None

    def _time(self, one: Followed) -> int:
        """The moment of the scrape, ms: where it is as good as on schedule, an interval after the last."""
        now = self._clock.now()
        due = now if one.scraped_at is None else one.scraped_at + one.target.interval
        return due if abs(now - due) <= _TOLERANCE else now

    def _note(self, one: Followed, scraped: Scraped) -> None:
        if one.last is None or scraped.metadata is not one.last.metadata:
            self._metadata.note(one.target, scraped.metadata)
        one.last = scraped
        if scraped.duplicates:
            self._telemetry.add(DUPLICATES, scraped.duplicates)

    def _tell(self, one: Followed, failure: SightlineError | None) -> None:
        is_up = failure is None or is_partial(failure)
        one.health = HEALTH[one.health, Outcome.SUCCEEDED if is_up else Outcome.FAILED]
        one.error = "" if failure is None else failure.message
        one.reason = "" if failure is None else str(failure.detail.get("reason", failure.code))
        self._telemetry.add(SCRAPES, labels=(one.reason or "ok",))
        self._telemetry.observe(DURATION, one.seconds)
