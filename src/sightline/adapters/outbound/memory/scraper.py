"""A scraper of pages that are set by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from typing_extensions import override

from sightline.domain.errors import SightlineError, Unavailable
from sightline.domain.labels import Labels
from sightline.domain.metrics.exemplars import NO_EXEMPLARS, ExemplarBatch
from sightline.domain.metrics.left_out import LeftOut
from sightline.domain.scrape.scraped import NO_TIME, Metadata, Scraped
from sightline.domain.scrape.target import ScrapeReason, Target
from sightline.ports.clock import Clock
from sightline.ports.scraper import Page, Scraper

Sample = tuple[Labels, float] | tuple[Labels, float, int]
"""Labels, value and, where the target says it, time (ms)."""


class MemoryScraper(Scraper):
    """Yields what was set last for a URL; what was never set refuses the connection. Answers take as long as they are told to."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pages: dict[str, Page | SightlineError] = {}
        self._known: dict[Labels, Labels] = {}
        self.seconds = 0.0
        self.asked: list[tuple[int, str]] = []

    @override
    async def scrape(self, target: Target, last: Scraped | None = None) -> Page:
        self.asked.append((self._clock.now(), target.url))
        if self.seconds:
            await self._clock.sleep(self.seconds)
        page = self._pages.get(target.url)
        if page is None:
            raise Unavailable(f"{target.url} refuses the connection", reason=ScrapeReason.REFUSED)
        if isinstance(page, SightlineError):
            raise page
        if last is not None and last.labels == page.scraped.labels:
            return Page(replace(page.scraped, labels=last.labels), page.size)
        return page

    def show(
        self,
        url: str,
        *samples: Sample,
        metadata: Mapping[str, Metadata] | None = None,
        exemplars: ExemplarBatch = NO_EXEMPLARS,
        left_out: tuple[LeftOut, ...] = (),
    ) -> None:
        """What a target shows from now on; exemplars are of the label sets in the order in which samples have them first."""
        scraped = replace(self._scraped(samples, metadata or {}, exemplars), left_out=left_out)
        self._pages[url] = Page(scraped, 100 * len(samples))

    def fail(self, url: str, error: SightlineError) -> None:
        """How a target fails from now on."""
        self._pages[url] = error

    def _scraped(
        self, samples: Sequence[Sample], metadata: Mapping[str, Metadata], exemplars: ExemplarBatch
    ) -> Scraped:
        labels = tuple(dict.fromkeys(self._known.setdefault(one[0], one[0]) for one in samples))
        places = {one: place for place, one in enumerate(labels)}
        return Scraped(
            labels,
            np.array([places[one[0]] for one in samples], np.uint32),
            np.array([one[2] if len(one) > 2 else NO_TIME for one in samples], np.int64),  # noqa: PLR2004 - with a time
            np.array([one[1] for one in samples], np.float64),
            metadata,
            exemplars=exemplars,
        )
