"""What scrapes."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass

from sightline import __version__
from sightline.adapters.inbound.scraping import ScrapeLoop
from sightline.adapters.outbound.files.targets import TargetFiles
from sightline.adapters.outbound.memory.scraper import MemoryScraper
from sightline.adapters.outbound.sources.host.described import METADATA as HOST_METADATA
from sightline.adapters.outbound.system.clock import SystemClock
from sightline.adapters.wire.exposition_decoder import ExpositionDecoder
from sightline.adapters.wire.family_decoder import MetricFamilyDecoder
from sightline.application.discover import Discover, ReadTargets
from sightline.application.follow import Follow
from sightline.application.metadata import MetricMetadata
from sightline.application.scrape import Scrape
from sightline.compose.core import Core
from sightline.ports.scraper import Scraper
from sightline.settings.schema import Settings


@dataclass(frozen=True, slots=True)
class Scraping:
    """What scrapes: the targets, what they say of their metrics, and the loop, which still has to be entered."""

    follow: Follow
    metadata: MetricMetadata
    loop: ScrapeLoop


async def make_scraping(settings: Settings, core: Core, stack: AsyncExitStack) -> Scraping:
    """Make it, with what undoes it."""
    clock, telemetry = core.clock, core.telemetry
    metadata = MetricMetadata(telemetry, HOST_METADATA)
    scraper = await _scraper(settings, clock, stack)
    scrape = Scrape(scraper, core.ingest, metadata, clock, telemetry, exemplars=core.exemplars)
    follow = Follow(Discover(settings.scrape, _target_files(settings), telemetry), scrape)
    return Scraping(follow, metadata, ScrapeLoop(follow, scrape, clock, telemetry))


async def _scraper(settings: Settings, clock: SystemClock, stack: AsyncExitStack) -> Scraper:
    if not settings.scrape:
        return MemoryScraper(clock)  # which no target asks
    from sightline.adapters.outbound.scraping.client import HttpScraper  # noqa: PLC0415 - its driver takes 0.4 s to load

    most = settings.intake.request_samples
    decoder, families = ExpositionDecoder(max_samples=most), MetricFamilyDecoder(max_samples=most)
    return await stack.enter_async_context(HttpScraper(decoder, __version__, families=families))


def _target_files(settings: Settings) -> dict[str, ReadTargets]:
    """How the target files of each job are read."""

    def reading(files: TargetFiles) -> ReadTargets:
        return lambda: asyncio.to_thread(files.read)

    return {job.job: reading(TargetFiles(job.files)) for job in settings.scrape if job.files}
