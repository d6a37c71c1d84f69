"""A check probed once."""

import asyncio
from itertools import count

import pytest

from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.memory.prober import MemoryProber
from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.application.probe import Probe
from sightline.domain.probes.check import Check, Definition
from sightline.domain.probes.options import Grpc, Http, Ssh, Tcp
from sightline.domain.probes.outcome import Certificate, Outcome, Phase, Reason
from sightline.domain.probes.result import Judgement, Result, Verdict
from sightline.domain.probes.stalls import Stalls
from sightline.domain.tenancy import DEFAULT_TENANT, Tenant
from sightline.domain.traces.span import Span, SpanKind, SpanStatus

pytestmark = pytest.mark.anyio

START = 1_700_000_000_000
REFUSED = Outcome(reason=Reason.REFUSED, message="refused", seconds=0.001)


class Judge:
    """What came is well, unless nothing came or it says 500."""

    def judge(self, outcome: Outcome, now: int) -> Judgement:
        """The verdict."""
        assert now >= START
        if not outcome.ok:
            return Judgement(Verdict.DOWN, outcome.reason, outcome.message)
        return Judgement(Verdict.DOWN, Reason.STATUS, "500") if outcome.status == 500 else Judgement(Verdict.UP)


class World:
    """Probes of one check at a time that the test moves."""

    def __init__(self) -> None:
        self.clock = ManualClock(START)
        self.telemetry = MemoryTelemetry()
        self.prober = MemoryProber(self.clock, frozenset({"http", "tcp", "grpc"}))
        self.spans: list[tuple[Tenant, Span]] = []
        numbers = count(1)
        self.stalls = Stalls()
        self.probe = Probe(
            dict.fromkeys(self.prober.kinds, self.prober),
            self.clock,
            self.telemetry,
            lambda size: f"{next(numbers):0{size * 2}x}",
            self.spans.append,
            location="berlin",
            version="1.2",
            stalls=self.stalls,
        )

    async def once(self, definition: Definition, seconds: float = 100) -> Result:
        """The result of one probe, as long as it takes."""
        task = asyncio.create_task(self.probe.once(DEFAULT_TENANT, Check(7, definition, 0, 0), Judge()))
        await self.clock.advance(seconds)
        return await task

    @property
    def tried(self) -> list[int]:
        """When attempts began, ms after the start."""
        return [at - START for at, _ in self.prober.attempts]


async def test_what_was_seen_becomes_a_result() -> None:
    """Everything that a prober tells stands in the result, with the check, the location and the time."""
    world = World()
    shown = Certificate("cn", "ca", 123, 1, "ab")
    phases = ((Phase.CONNECT, 0.1), (Phase.PROCESSING, 0.2))
    world.prober.set(
        "http://x.test",
        Outcome(seconds=0.3, phases=phases, status=204, size=9, certificate=shown, address="192.0.2.1", redirects=1),
    )
    result = await world.once(Definition(name="x", url="http://x.test", options=Http(), trace=False))
    assert result == Result(
        check=7,
        location="berlin",
        at=START,
        seconds=0.3,
        verdict=Verdict.UP,
        status=204,
        phases=phases,
        size=9,
        redirects=1,
        address="192.0.2.1",
        certificate=shown,
        expires_at=123,
    )
    assert world.spans == []


async def test_a_failure_is_tried_again_and_the_last_attempt_counts() -> None:
    """Attempts follow one another at the retry interval until one is well, and the result tells how many there were."""
    world = World()
    world.prober.set("x:1", REFUSED, Outcome(status=500), Outcome(seconds=0.5))
    result = await world.once(Definition(name="x", url="x:1", options=Tcp(), retries=5, retry_interval=2_000))
    assert world.tried == [0, 2_000, 4_000]
    assert (result.verdict, result.attempts, result.at, result.seconds) == (Verdict.UP, 3, START + 4_000, 0.5)


async def test_retries_end_when_they_are_used_up() -> None:
    """A check that fails each time is down with the last attempt's reason."""
    world = World()
    world.prober.set("x:1", Outcome(status=500), REFUSED)
    result = await world.once(Definition(name="x", url="x:1", options=Tcp(), retries=1))
    assert (result.reason, result.message, result.attempts) == (Reason.REFUSED, "refused", 2)


async def test_all_attempts_together_take_less_than_an_interval() -> None:
    """Timeouts near the end are cut short, and what has no time left is not tried."""
    world = World()
    world.prober.set("x:1", REFUSED)
    world.prober.seconds["x:1"] = 60
    await world.once(
        Definition(name="x", url="x:1", options=Tcp(), interval=10_000, timeout=4_000, retries=9, retry_interval=1_000)
    )
    assert world.tried == [0, 5_000]
    assert [attempt.timeout for _, attempt in world.prober.attempts] == pytest.approx([4.0, 4.0])
    world.prober.attempts.clear()
    await world.once(Definition(name="x", url="x:1", options=Tcp(), interval=1_000, timeout=5_000))
    assert [attempt.timeout for _, attempt in world.prober.attempts] == pytest.approx([0.85])


async def test_a_probe_carries_a_sampled_trace_and_leaves_its_span() -> None:
    """The header that is sent, the span that is kept and the result name the same trace, without credentials."""
    world = World()
    phases = ((Phase.RESOLVE, 0.001), (Phase.PROCESSING, 0.25))
    world.prober.set("http://ann:pw@x.test:81/a", Outcome(seconds=0.25, status=500, phases=phases, version="1.1"))
    result = await world.once(Definition(name="x", url="http://ann:pw@x.test:81/a", options=Http()))
    ((tenant, span),) = world.spans
    assert tenant == DEFAULT_TENANT
    assert world.prober.attempts[0][1].traceparent == f"00-{span.trace_id}-{span.span_id}-01"
    assert result.trace_id == span.trace_id
    assert len(span.trace_id) == 32
    assert len(span.span_id) == 16
    assert (span.name, span.kind, span.service, span.parent_id) == ("GET", SpanKind.CLIENT, "sightline", "")
    assert (span.starts_at, span.nanoseconds) == (START * 1_000_000, 250_000_000)
    assert (span.status, span.message) == (SpanStatus.ERROR, "500")
    assert span.resource == {
        "service.name": "sightline",
        "service.version": "1.2",
        "sightline.location": "berlin",
    }
    assert span.attributes == {
        "sightline.check.id": "7",
        "sightline.check.name": "x",
        "sightline.check.verdict": "down",
        "sightline.check.reason": "status_not_accepted",
        "server.address": "x.test",
        "server.port": "81",
        "http.request.method": "GET",
        "url.full": "http://x.test:81/a",
        "http.response.status_code": "500",
        "network.protocol.version": "1.1",
        "error.type": "500",
    }
    assert [(event.name, event.at - span.starts_at) for event in span.events] == [
        ("resolve done", 1_000_000),
        ("processing done", 251_000_000),
    ]


async def test_attempts_of_one_probe_are_one_trace() -> None:
    """Each attempt has a span of its own below one that holds them together, and says which it is."""
    world = World()
    world.prober.set("http://x.test", REFUSED, Outcome(status=200))
    result = await world.once(Definition(name="x", url="http://x.test", options=Http(), retries=1))
    whole, first, second = (span for _, span in world.spans)
    assert {whole.trace_id, first.trace_id, second.trace_id} == {result.trace_id}
    assert (first.parent_id, second.parent_id) == (whole.span_id, whole.span_id)
    assert (whole.kind, whole.nanoseconds, whole.status) == (SpanKind.INTERNAL, 1_000_000_000, SpanStatus.UNSET)
    assert first.attributes["error.type"] == "connection_refused"
    assert "http.request.resend_count" not in first.attributes
    assert second.attributes["http.request.resend_count"] == "1"
    sent = [attempt.traceparent.split("-")[2] for _, attempt in world.prober.attempts]
    assert sent == [first.span_id, second.span_id]


async def test_a_grpc_check_tells_what_was_called() -> None:
    """Its span is a remote procedure call's."""
    world = World()
    world.prober.set("x.test:50051", Outcome(status=0, seconds=0.1))
    await world.once(Definition(name="x", url="x.test:50051", options=Grpc()))
    span = world.spans[0][1]
    assert span.name == "grpc.health.v1.Health/Check"
    assert span.attributes["rpc.grpc.status_code"] == "0"
    assert "http.request.method" not in span.attributes


@pytest.mark.parametrize("definition", [Definition(name="x", url="x:1", options=Tcp())])
async def test_a_kind_without_room_for_a_trace_has_none(definition: Definition) -> None:
    """Neither header, nor span, nor trace id."""
    world = World()
    result = await world.once(definition)
    assert (result.trace_id, world.spans, world.prober.attempts[0][1].traceparent) == ("", [], "")


async def test_a_kind_that_nobody_can_probe_says_so() -> None:
    """The result names the kind and the location."""
    world = World()
    result = await world.once(Definition(name="x", url="x:22", options=Ssh()))
    assert (result.verdict, result.reason) == (Verdict.DOWN, Reason.NOT_SUPPORTED)
    assert result.message == "checks of type ssh cannot be probed from berlin"


async def test_probes_are_counted_by_kind_and_verdict() -> None:
    """One a probe, however many attempts it had."""
    world = World()
    world.prober.set("x:1", REFUSED)
    await world.once(Definition(name="x", url="x:1", options=Tcp(), retries=2))
    counted = {point.labels: point.value for family in world.telemetry.families() for point in family.points}
    assert counted == {(("type", "tcp"), ("verdict", "down")): 1}


async def test_when_a_registration_ends_is_told() -> None:
    """A fact of that name stands in for a certificate."""
    world = World()
    world.prober.set("x:1", Outcome(facts={"expires_at": 5e12}))
    result = await world.once(Definition(name="x", url="x:1", options=Tcp()))
    assert result.expires_at == 5_000_000_000_000


@pytest.mark.parametrize(("still", "reason"), [(0.15, Reason.TIMED_OUT), (0.4, Reason.STALLED)])
async def test_a_time_out_while_we_stood_still_ourselves_says_nothing(still: float, reason: Reason) -> None:
    """A good part of the timeout is enough; a moment is not."""
    world = World()
    definition = Definition(name="shop", url="http://shop.test/", options=Http(), timeout=1_000)
    world.prober.set(definition.url, Outcome(reason=Reason.TIMED_OUT, message="no answer", seconds=1.0))
    world.prober.seconds[definition.url] = 1.0
    world.stalls.note(0.9, still)
    assert (await world.once(definition)).reason is reason
