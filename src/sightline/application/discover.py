"""Find out what there is to scrape now: targets that are written down, and those of files, which may change."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sightline.domain.scrape.job import ScrapeJob, TargetGroup, TargetsRead
from sightline.domain.scrape.relabel import Relabelling
from sightline.domain.scrape.target import JobTargets, Target, targets_of
from sightline.ports.telemetry import Instrument, Kind, Telemetry

ReadTargets = Callable[[], Awaitable[TargetsRead]]
"""Reads the target files of one job; blocks no event loop."""

_TARGETS: Final = Instrument("sightline_scrape_targets", "Targets that are scraped, by job.", Kind.GAUGE, ("job",))
_DROPPED: Final = Instrument(
    "sightline_scrape_dropped_targets", "Targets that relabelling dropped, by job.", Kind.GAUGE, ("job",)
)
_PROBLEMS: Final = Instrument(
    "sightline_scrape_discovery_problems",
    "Target files that cannot be read, and addresses that cannot be scraped, by job.",
    Kind.GAUGE,
    ("job",),
)


@dataclass(slots=True)
class _Pool:
    """One job: how to read its files, and what was found of it."""

    job: ScrapeJob
    relabelling: Relabelling
    read: ReadTargets | None
    groups: tuple[TargetGroup, ...] | None = None
    found: JobTargets | None = None
    problems: tuple[str, ...] = ()


class Discover:
    """The use case. A job whose groups did not change is not worked out again.

    files: how to read the target files of a job, by its name; jobs without files are not in it.
    """

    def __init__(self, jobs: Sequence[ScrapeJob], files: Mapping[str, ReadTargets], telemetry: Telemetry) -> None:
        self._pools = [_Pool(job, Relabelling(job.relabel), files.get(job.job)) for job in jobs]
        self._telemetry = telemetry

    async def __call__(self) -> None:
        """Look again."""
        for pool in self._pools:
            await self._look(pool)

    def targets(self) -> list[Target]:
        """What is to be scraped, as found last."""
        return [target for pool in self._pools if pool.found is not None for target in pool.found.active]

    def by_job(self) -> dict[str, JobTargets]:
        """What was found of each job, in the order of the settings."""
        return {pool.job.job: pool.found or JobTargets(()) for pool in self._pools}

    def problems(self) -> list[str]:
        """What is wrong with target files and addresses now, one sentence each."""
        return [problem for pool in self._pools for problem in pool.problems]

    async def _look(self, pool: _Pool) -> None:
        read = TargetsRead((), ()) if pool.read is None else await pool.read()
        if pool.found is None or read.groups is not pool.groups:
            pool.groups = read.groups
            pool.found = targets_of(pool.job, pool.relabelling, (*pool.job.static, *read.groups))
        pool.problems = (*read.problems, *pool.found.problems)
        labels = (pool.job.job,)
        self._telemetry.set(_TARGETS, len(pool.found.active), labels)
        self._telemetry.set(_DROPPED, pool.found.dropped_count, labels)
        self._telemetry.set(_PROBLEMS, len(pool.problems), labels)
