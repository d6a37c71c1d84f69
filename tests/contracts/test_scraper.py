"""What every scraper promises, proven on each."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

import pytest
from tests.adapters.scraping.exporters import Answer, page, serving, target

from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.memory.scraper import MemoryScraper
from sightline.adapters.outbound.scraping.client import HttpScraper
from sightline.adapters.wire.exposition_decoder import ExpositionDecoder
from sightline.domain.errors import Unavailable
from sightline.domain.labels import Labels
from sightline.domain.scrape.scraped import NO_TIME, Metadata
from sightline.domain.scrape.target import ScrapeReason, Target
from sightline.ports.scraper import Scraper

pytestmark = pytest.mark.anyio


class Scene(Protocol):
    """A scraper and a target, which shows what it is told to: gauges by name, or that it is away."""

    @property
    def scraper(self) -> Scraper: ...
    @property
    def target(self) -> Target: ...
    @property
    def absent(self) -> Target: ...

    def show(self, values: Mapping[str, float]) -> None:
        """What the target shows from now on."""
        ...


class _Memory:
    def __init__(self) -> None:
        self.scraper = MemoryScraper(ManualClock())
        self.target, self.absent = target("a:1"), target("b:1")

    def show(self, values: Mapping[str, float]) -> None:
        said = {name: Metadata("gauge", "Help.") for name in values}
        samples = [(Labels.of(__name__=name), value) for name, value in values.items()]
        self.scraper.show(self.target.url, *samples, metadata=said)


class _Http:
    def __init__(self, scraper: Scraper, shown: list[Answer], here: Target, absent: Target) -> None:
        self.scraper, self._shown, self.target, self.absent = scraper, shown, here, absent

    def show(self, values: Mapping[str, float]) -> None:
        lines = [f"# HELP {name} Help.\n# TYPE {name} gauge\n{name} {value}\n" for name, value in values.items()]
        self._shown[0] = page("".join(lines).encode())


@asynccontextmanager
async def _memory() -> AsyncIterator[Scene]:
    yield _Memory()


@asynccontextmanager
async def _http() -> AsyncIterator[Scene]:
    shown = [page(b"")]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await shown[0](reader, writer)

    async with serving(answer) as exporter, HttpScraper(ExpositionDecoder(), "1") as scraper:
        yield _Http(scraper, shown, target(exporter.address), target("127.0.0.1:1"))


ADAPTERS: dict[str, Callable[[], AbstractAsyncContextManager[Scene]]] = {"memory": _memory, "http": _http}


@pytest.fixture(params=ADAPTERS)
async def scene(request: pytest.FixtureRequest) -> AsyncIterator[Scene]:
    """Each scraper in turn."""
    async with ADAPTERS[request.param]() as found:
        yield found


async def test_a_page_has_what_the_target_shows(scene: Scene) -> None:
    """Every sample once, without a time where the target says none, and what it says of its metrics."""
    scene.show({"a": 1.0, "b": 2.0})
    found = await scene.scraper.scrape(scene.target)
    scraped = found.scraped
    assert [labels.name for labels in scraped.labels] == ["a", "b"]
    assert [scraped.labels[place].name for place in scraped.series.tolist()] == ["a", "b"]
    assert scraped.values.tolist() == [1.0, 2.0]
    assert set(scraped.times.tolist()) == {NO_TIME}
    assert dict(scraped.metadata) == {"a": Metadata("gauge", "Help."), "b": Metadata("gauge", "Help.")}
    assert found.size > 0


async def test_series_that_stayed_are_the_same_objects(scene: Scene) -> None:
    """With the last answer at hand nothing is made anew: not the tuple of an equal page, nor a series of another."""
    scene.show({"a": 1.0, "b": 2.0})
    first = (await scene.scraper.scrape(scene.target)).scraped
    scene.show({"a": 3.0, "b": 4.0})
    second = (await scene.scraper.scrape(scene.target, first)).scraped
    assert second.labels is first.labels
    assert second.values.tolist() == [3.0, 4.0]
    scene.show({"b": 5.0, "c": 6.0})
    third = (await scene.scraper.scrape(scene.target, second)).scraped
    assert third.labels[0] is first.labels[1]


async def test_a_target_that_shows_nothing_is_no_failure(scene: Scene) -> None:
    """An empty page is an answer."""
    scene.show({})
    found = await scene.scraper.scrape(scene.target)
    assert (found.scraped.labels, len(found.scraped.values)) == ((), 0)


async def test_an_absent_target_is_unavailable_with_a_reason(scene: Scene) -> None:
    """The error says why, in a word for programs and a sentence for people."""
    with pytest.raises(Unavailable) as failed:
        await scene.scraper.scrape(scene.absent)
    assert failed.value.detail["reason"] is ScrapeReason.REFUSED
    assert "refuses the connection" in failed.value.message


async def test_targets_do_not_disturb_one_another(scene: Scene) -> None:
    """One that fails costs none beside it."""
    scene.show({"a": 1.0})
    found, failed = await asyncio.gather(
        scene.scraper.scrape(scene.target), scene.scraper.scrape(scene.absent), return_exceptions=True
    )
    assert not isinstance(found, BaseException)
    assert isinstance(failed, Unavailable)
