"""Graphite's lines on their way into the store."""

import asyncio

import pytest
from structlog.testing import capture_logs
from tests.adapters.lines.conftest import Intake, Telemetry
from tests.adapters.lines.test_sockets import connected, datagram, listening

from sightline.adapters.inbound.lines.graphite import GraphiteLines
from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.wire.dotted_names import DottedNames
from sightline.adapters.wire.graphite import GraphiteDecoder
from sightline.domain.errors import Overloaded, SampleOutOfBounds, StorageFull
from sightline.domain.metrics.left_out import LeftOut, Taken

pytestmark = pytest.mark.anyio


@pytest.fixture
def lines(intake: Intake, clock: ManualClock, telemetry: Telemetry) -> GraphiteLines:
    """What takes lines."""
    return GraphiteLines(GraphiteDecoder(DottedNames(["*.secret -> -"])), intake, clock, telemetry)


async def test_lines_become_samples(lines: GraphiteLines, intake: Intake, telemetry: Telemetry) -> None:
    """Over TCP and over UDP, and each line is counted by what became of it."""
    async with listening(lines.take, telemetry) as port:
        writer = await connected(port)
        writer.write(b"a.b 1 1763700000\na.secret 1 1\na b c\na.b 2 1763700010\n")
        await intake.took.wait()
        intake.took.clear()
        datagram(port, b"c;x=1 5 -1")
        await intake.took.wait()
        writer.close()
    assert intake.samples == {
        "a_b": [(1_763_700_000_000, 1), (1_763_700_010_000, 2)],
        'c{x="1"}': [(1_763_700_000_123, 5)],
    }
    for outcome, count in (("ok", 3), ("mapped", 1), ("value", 1)):
        assert telemetry.of("sightline_graphite_lines_total", outcome) == count


async def test_lines_wait_for_intake(
    lines: GraphiteLines, intake: Intake, clock: ManualClock, telemetry: Telemetry
) -> None:
    """While samples cannot be taken a block waits, as long as intake says, and is stored then."""
    intake.fails = [Overloaded("full", retry_after=5), StorageFull("full")]
    taking = asyncio.create_task(lines.take(b"a 1\n"))
    await clock.until_sleeping()
    await clock.advance(4.9)
    assert not taking.done()
    await clock.advance(0.1)
    await clock.until_sleeping()
    await clock.advance(1)
    await taking
    assert intake.values() == {"a": [1]}
    assert telemetry.of("sightline_graphite_waits_total", "intake_overloaded") == 1


async def test_what_is_wrong_is_logged_now_and_then(lines: GraphiteLines, intake: Intake, clock: ManualClock) -> None:
    """The first wrong line is shown at once, and after a minute how many there were since; what intake refuses is told too."""
    with capture_logs() as logs:
        for _ in range(100):
            await lines.take(b"a 1 2 3\nb x\n")
        await clock.advance(60)
        await lines.take(b"a.secret 1\n")
        intake.left_out = Taken(0, 0, (LeftOut(SampleOutOfBounds("series a: too old"), 1),))
        await lines.take(b"a 1 1\n")
    assert [(entry["lines"], entry["reason"], entry.get("example")) for entry in logs] == [
        (2, "fields, value", "a 1 2 3"),
        (199, "series a: too old", None),
    ]
