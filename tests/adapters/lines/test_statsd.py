"""StatsD's lines on their way into the store."""

import pytest
from structlog.testing import capture_logs
from tests.adapters.http.stage import until
from tests.adapters.lines.conftest import Intake, Telemetry
from tests.adapters.lines.test_sockets import connected, datagram, listening

from sightline.adapters.inbound.lines.statsd import StatsdLines
from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.wire.dotted_names import DottedNames
from sightline.adapters.wire.statsd import StatsdDecoder
from sightline.domain.errors import Overloaded, SampleOutOfBounds
from sightline.domain.metrics.left_out import LeftOut, Taken
from sightline.domain.statsd.aggregates import Aggregates

pytestmark = pytest.mark.anyio


@pytest.fixture
def lines(intake: Intake, clock: ManualClock, telemetry: Telemetry) -> StatsdLines:
    """What takes lines."""
    sums = Aggregates(idle=100, most=20, began=clock.now(), bounds=(0.1, 1))
    return StatsdLines(StatsdDecoder(DottedNames()), sums, intake, clock, telemetry)


async def test_packets_are_summed_up(
    lines: StatsdLines, intake: Intake, clock: ManualClock, telemetry: Telemetry
) -> None:
    """What came over UDP and TCP is stored at each flush: counters go on, gauges stay, timers are histograms, sets begin anew."""
    async with listening(lines.take, telemetry) as port:
        datagram(port, b"hits:1|c\nhits:1|c|@0.5", b"temp:20|g", b"u:a|s\nu:b|s\nu:a|s")
        writer = await connected(port)
        writer.write(b"took:320|ms|#r:x\ntook:5|h|#r:x\ntemp:+2|g\n")
        writer.close()
        await until(lambda: telemetry.of("sightline_statsd_values_total", "ok") == 9)
    await lines.flush()
    await clock.advance(10)
    await lines.take(b"hits:2|c\n")
    await lines.flush()
    temperature = intake.values().pop("temp")
    assert temperature in ([22, 22], [20, 20])  # two sockets have no order
    assert intake.values() | {"temp": []} == {
        "hits": [3, 5],
        "temp": [],
        "u": [2, 0],
        'took_bucket{le="0.1",r="x"}': [0, 0],
        'took_bucket{le="1.0",r="x"}': [1, 1],
        'took_bucket{le="+Inf",r="x"}': [2, 2],
        'took_sum{r="x"}': [5.32, 5.32],
        'took_count{r="x"}': [2, 2],
    }
    assert {time for samples in intake.samples.values() for time, _ in samples} == {
        1_763_700_000_123,
        1_763_700_010_123,
    }


async def test_what_is_idle_ends(lines: StatsdLines, intake: Intake, clock: ManualClock, telemetry: Telemetry) -> None:
    """A series for which nothing comes any more is marked stale, and begins anew when something does."""
    await lines.take(b"hits:5|c\nother:1|c\n")
    await lines.flush()
    await clock.advance(60)
    await lines.take(b"other:1|c\n")
    await clock.advance(40)
    await lines.flush()
    await lines.take(b"hits:1|c\n")
    await lines.flush()
    assert intake.values() == {"hits": [5, "end", 1], "other": [1, 2, 2]}
    assert telemetry.of("sightline_statsd_series") == 2


async def test_what_intake_cannot_take_comes_later(lines: StatsdLines, intake: Intake, clock: ManualClock) -> None:
    """Sums are kept when they cannot be stored, and the last ones are tried once more when the program stops."""
    await lines.take(b"hits:5|c\n")
    intake.fails = [Overloaded("full"), Overloaded("full")]
    with pytest.raises(Overloaded):
        await lines.flush()
    with capture_logs() as logs:
        await lines.end()
        assert logs[0]["reason"] == "full"
        await clock.advance(1)
        await lines.take(b"hits:1|c\n")
        await lines.end()
    assert intake.values() == {"hits": [0, 6]}


async def test_first_values_are_an_increase(lines: StatsdLines, intake: Intake, clock: ManualClock) -> None:
    """Counters and timers begin with zeros at the flush before, when they are new and when they come again; others do not."""
    began = clock.now()
    await clock.advance(10)
    await lines.take(b"hits:5|c\ntook:2|s\ntemp:20|g\nu:a|s\ntook:50|ms\n")
    await lines.flush()
    assert intake.samples["hits"] == [(began, 0), (began + 10_000, 5)]
    assert intake.values()['took_bucket{le="0.1"}'] == [0, 1]
    assert intake.values()["took_count"] == [0, 1]
    assert intake.values()["temp"] == [20]
    await clock.advance(10)
    await lines.take(b"more:1|c\n")
    await lines.flush()
    assert intake.samples["more"] == [(began + 10_000, 0), (began + 20_000, 1)]
    await clock.advance(200)
    await lines.flush()
    await clock.advance(10)
    await lines.flush()
    await clock.advance(10)
    await lines.take(b"hits:7|c\n")
    await lines.flush()
    assert intake.samples["hits"][-3:] == [(began + 220_000, "end"), (began + 230_000, 0), (began + 240_000, 7)]


async def test_everything_is_counted(lines: StatsdLines, intake: Intake, telemetry: Telemetry) -> None:
    """Values by what became of them, and samples that intake refused by their code."""
    await lines.take(b"a:1|c\na:x|c\n_e{1,1}:a|b\na:1|g\n" + b"".join(b"n%d:1|c\n" % number for number in range(21)))
    intake.left_out = Taken(18, 0, (LeftOut(SampleOutOfBounds("series a: too old"), 2),))
    await lines.flush()
    for outcome, count in (("ok", 20), ("value", 1), ("event", 1), ("conflict", 1), ("series", 2)):
        assert telemetry.of("sightline_statsd_values_total", outcome) == count
    assert telemetry.of("sightline_statsd_refused_samples_total", "sample_out_of_bounds") == 2
    await lines.flush()
