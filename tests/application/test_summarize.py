"""Reports: what they are made of, and that each is mailed once."""

from collections.abc import AsyncGenerator, Callable
from typing import Any

import numpy as np
import pytest

from sightline.adapters.outbound.memory.catalog import MemoryCatalog
from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.application.deliver import HISTORY, Decision
from sightline.application.evaluate import RuleStatus
from sightline.application.mail import MailReports
from sightline.application.read import Piece
from sightline.application.summarize import ReportLimits, Summarize
from sightline.domain.alerts.notice import Reason
from sightline.domain.alerts.pipeline.plan import Channel
from sightline.domain.errors import InvalidParameter, Unavailable
from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import STALE, SeriesColumns
from sightline.domain.metrics.selection import Selection
from sightline.domain.reports.letter import Letter
from sightline.domain.reports.schedule import parse_schedule
from sightline.domain.tenancy import DEFAULT_TENANT, LOCAL, Principal
from sightline.domain.timerange import DAY, HOUR, MINUTE, TimeRange

NOW = 1_763_700_000_000

pytestmark = pytest.mark.anyio


class World:
    """What a report is made of. alerts: names, and the minutes before now at which they began to fire and ended."""

    def __init__(self) -> None:
        self.clock = ManualClock(NOW)
        self.alerts: list[tuple[str, int, int]] = []
        self.decisions: list[Decision] = []
        self.statuses: list[RuleStatus] = []
        self.asked: list[Selection] = []
        self.catalog = MemoryCatalog()
        self.letters: list[Letter] = []
        self.fails: Unavailable | None = None
        world: Any = self
        self.summarize = Summarize(world, world, world, world, self.clock, ReportLimits(15 * DAY), ["HighCPU"])

    async def streamed(
        self, _: Principal, selection: Selection, make: Callable[[SeriesColumns], Any]
    ) -> AsyncGenerator[Piece[Any], None]:
        """The series of the alerts, each in a piece of its own."""
        self.asked.append(selection)
        for name, began, ended in self.alerts:
            labels = Labels.of(__name__="ALERTS", alertname=name, alertstate="firing", instance="a", severity="warning")
            times = np.array([NOW - minutes * MINUTE for minutes in range(began, ended - 1, -1)], np.int64)
            values = np.ones(len(times))
            values[-1] = STALE
            yield Piece(make(SeriesColumns.of([(labels, times.tolist(), values.tolist())])), len(times))

    def rules(self, _: Principal) -> list[RuleStatus]:
        """Rules of people."""
        return self.statuses

    def groups(self, _: Principal) -> list[Any]:
        """There are no files."""
        return []

    def history(self, _: Principal) -> list[Decision]:
        """What was decided."""
        return self.decisions

    def decided(self, at: int, reason: Reason) -> None:
        """One decision about the receiver `ops`."""
        told = reason is Reason.NOTIFIED
        self.decisions.append(Decision(at, Channel("ops/email/0", "ops", "email"), "", Labels(), (), told, reason))

    async def send(self, letter: Letter) -> None:
        """Take a letter, or not."""
        if self.fails is not None:
            raise self.fails
        self.letters.append(letter)

    def mail(self, at: str = "04:00") -> MailReports:
        """What mails a report a day, as after a start of the program."""
        return MailReports(self.summarize, self.send, self.catalog, self.clock, parse_schedule("daily", at))


async def test_a_report_is_put_together() -> None:
    """Alerts come from the series, what people were told from the history, and what fails from the rules."""
    world = World()
    world.alerts = [("Disk", 90, 60), ("HighCPU", 30, 20)]
    for reason in (Reason.NOTIFIED, Reason.CHANNEL_FAILED, Reason.SILENCED, Reason.NOTIFIED):
        world.decided(NOW - HOUR, reason)
    world.decided(NOW - 2 * DAY, Reason.NOTIFIED)
    world.statuses = [
        RuleStatus(DEFAULT_TENANT, "Bad", None, NOW, 0.0, "query_malformed", "no", NOW - HOUR),
        RuleStatus(DEFAULT_TENANT, "Good", None, NOW, 0.0),
    ]
    found = await world.summarize(LOCAL, DAY)
    assert found.within == TimeRange(NOW - DAY, NOW)
    assert [(one.name, one.fired, one.to_resolve) for one in found.rules] == [
        ("Disk", 1, 30 * MINUTE),
        ("HighCPU", 1, 10 * MINUTE),
    ]
    assert [one.name for one in found.machines] == ["HighCPU"]
    assert [(one.receiver, one.told, one.held, one.failed) for one in found.told] == [("ops", 2, 1, 1)]
    assert [(one.name, one.problem, one.since) for one in found.failing] == [("Bad", "no", NOW - HOUR)]
    assert world.asked[0].within == TimeRange(NOW - DAY - 5 * MINUTE, NOW)


async def test_a_report_says_from_when_on_it_knows_who_was_told() -> None:
    """That is the start of the program, or the oldest decision where there are more than are remembered."""
    world = World()
    assert (await world.summarize(LOCAL, HOUR)).notices_since == NOW
    await world.clock.advance(3_600.0)
    assert (await world.summarize(LOCAL, 2 * HOUR)).notices_since == NOW
    for _ in range(HISTORY):
        world.decided(NOW + 30 * MINUTE, Reason.NOTIFIED)
    assert (await world.summarize(LOCAL, HOUR)).notices_since == NOW + 30 * MINUTE


@pytest.mark.parametrize("period", [0, -DAY, HOUR - 1, 15 * DAY + 1])
async def test_periods_are_bounded(period: int) -> None:
    """A report is about an hour at least, and about no more than samples are kept."""
    with pytest.raises(InvalidParameter, match="between 1h and 15d"):
        await World().summarize(LOCAL, period)


async def test_a_report_is_mailed_once_a_period() -> None:
    """The first is the one that is due next after the first start, then one a day, over restarts too, and of several the last."""
    world = World()
    assert not await world.mail().run_once()
    mail = world.mail()
    assert not await mail.run_once()
    await world.clock.advance(23 * 3_600.0)
    assert not await mail.run_once()
    await world.clock.advance(3_600.0)
    assert await mail.run_once()
    assert not await mail.run_once()
    assert not await world.mail().run_once()
    (letter,) = world.letters
    assert (letter.subject, letter.at) == ("Report: no alerts fired", NOW - 40 * MINUTE + DAY)
    assert "2025-11-21 04:00 UTC to 2025-11-22 04:00 UTC" in letter.text
    assert "2025-11-21 04:00 UTC to 2025-11-22 04:00 UTC" in letter.html
    await world.clock.advance(3 * 86_400.0)
    assert await world.mail().run_once()
    assert [one.at for one in world.letters] == [NOW - 40 * MINUTE + DAY, NOW - 40 * MINUTE + 4 * DAY]


async def test_what_could_not_be_mailed_is_tried_again() -> None:
    """A report stays due until somebody has it, and is the same one, with the same id."""
    world = World()
    mail = world.mail()
    await mail.run_once()
    await world.clock.advance(86_400.0)
    world.fails = Unavailable("the server is away")
    with pytest.raises(Unavailable):
        await mail.run_once()
    await world.clock.advance(600.0)
    world.fails = None
    assert await world.mail().run_once()
    assert [one.id for one in world.letters] == [f"report-{NOW - 40 * MINUTE + DAY}"]
