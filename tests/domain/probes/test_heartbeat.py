from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles.wall_clock import utc

from sightline.domain.probes.heartbeat import (
    MAX_RUNS,
    TRANSITIONS,
    HeartbeatEvent,
    HeartbeatState,
    Pulse,
    at,
    changes,
    deadlines,
    heard,
    judged,
    result,
    switched,
)
from sightline.domain.probes.monitor import Gap
from sightline.domain.probes.options import Heartbeat
from sightline.domain.probes.outcome import Reason
from sightline.domain.probes.ping import Ping, PingKind, ended
from sightline.domain.probes.result import Verdict
from sightline.domain.probes.state import StateReason
from sightline.domain.timerange import DAY, HOUR, MINUTE, SECOND

NOW = 1_763_700_000_000
HOURLY = Heartbeat(period=HOUR, grace=5 * MINUTE)


def after(*pings: tuple[int, PingKind] | Ping, pulse: Pulse | None = None) -> Pulse:
    """How a heartbeat stands after pings, each so many ms from now."""
    pulse = pulse or Pulse()
    for one in pings:
        ping = one if isinstance(one, Ping) else Ping(kind=one[1], at=one[0])
        pulse = heard(pulse, replace(ping, at=NOW + ping.at, number=pulse.pings + 1))
    return pulse


OK, START, FAIL, LOG = PingKind.SUCCESS, PingKind.START, PingKind.FAIL, PingKind.LOG


def test_every_state_knows_every_event() -> None:
    """The table leaves nothing open."""
    assert set(TRANSITIONS) == set(product(HeartbeatState, HeartbeatEvent))


def test_a_new_heartbeat_says_nothing_until_it_is_heard() -> None:
    """Nothing is due and nothing missed before the first ping, however long it takes."""
    pulse = at(Pulse(), HOURLY, NOW + 100 * DAY)
    assert pulse.state is HeartbeatState.NEW
    assert judged(pulse) is None
    assert list(changes(pulse, HOURLY)) == []


def test_a_heartbeat_is_up_then_late_then_down() -> None:
    """An hour after a ping the next is due; late is still up; when the grace is over it is down, since that instant."""
    pulse = after((0, OK))
    assert sorted(changes(pulse, HOURLY)) == [NOW + HOUR, NOW + HOUR + 5 * MINUTE]
    stands = [at(pulse, HOURLY, NOW + offset) for offset in (HOUR - 1, HOUR, HOUR + 5 * MINUTE - 1, HOUR + 5 * MINUTE)]
    assert [one.state.value for one in stands] == ["up", "late", "late", "down"]
    verdicts = [found for one in stands if (found := judged(one)) is not None]
    assert [one.verdict for one in verdicts] == [Verdict.UP, Verdict.UP, Verdict.UP, Verdict.DOWN]
    assert [one.reason for one in verdicts] == [Reason.OK, Reason.LATE, Reason.LATE, Reason.MISSED]
    down = at(pulse, HOURLY, NOW + 9 * DAY)
    assert (down.since, down.message) == (NOW + HOUR + 5 * MINUTE, "no ping came, 5m after it was due")
    again = after((10 * DAY, OK), pulse=down)
    assert (again.state, again.since, again.reason, again.message) == (HeartbeatState.UP, NOW + 10 * DAY, Reason.OK, "")


def test_a_failure_is_down_at_once_and_says_why() -> None:
    """A reported failure needs no grace; its exit status and the first line of its body are the reason."""
    pulse = after((0, OK), Ping(kind=ended(3), at=5, exit_status=3, body=b"\n\x00 disk full \nmore"))
    assert (pulse.state, pulse.reason, pulse.message) == (
        HeartbeatState.DOWN,
        Reason.FAILED,
        "exit status 3: disk full",
    )
    assert after((0, FAIL)).message == "a failure was reported"
    assert after(Ping(kind=FAIL, said="no route")).message == "a failure was reported: no route"
    assert at(pulse, HOURLY, NOW + 9 * DAY) is pulse
    assert after((0, OK), (5, FAIL), (9, OK)).state is HeartbeatState.UP


def test_a_log_changes_nothing_but_the_count() -> None:
    """A log ping moves no deadline, and neither does a failure's state."""
    before = after((0, OK))
    assert after((HOUR - 1, LOG), pulse=before) == replace(before, pings=2)


def test_from_start_to_success_is_how_long_a_run_took() -> None:
    """The time between is measured by run; without a start nobody knows, and a sender may say itself."""
    pulse = after((0, START), (90 * SECOND, OK))
    assert (pulse.seconds, pulse.is_running) == (90.0, False)
    one, two = (Ping(kind=START, at=place, run=name) for place, name in ((0, "a"), (1000, "b")))
    pulse = after(one, two, Ping(kind=OK, at=5000, run="b"))
    assert (pulse.seconds, pulse.runs) == (4.0, (("a", NOW),))
    assert after((0, OK)).seconds is None
    assert after(Ping(kind=OK, seconds=0.25)).seconds == 0.25
    assert after((0, START), Ping(kind=OK, at=5, run="else")).seconds is None
    assert after(one, two, (9, FAIL)).runs == ()


def test_a_run_that_does_not_end_within_the_grace_is_missed() -> None:
    """A run counts as missed when the grace has passed from its start, be the heartbeat new or up."""
    for pulse in (after((0, START)), after((-MINUTE, OK), (0, START))):
        late = at(pulse, HOURLY, NOW + 5 * MINUTE)
        assert (late.state, late.reason, late.since) == (HeartbeatState.DOWN, Reason.MISSED, NOW + 5 * MINUTE)
        assert "did not end within 5m" in late.message
        assert at(pulse, HOURLY, NOW + 5 * MINUTE - 1).state is pulse.state


def test_runs_are_bounded() -> None:
    """Whoever begins runs and never ends them is remembered by the last hundred."""
    pulse = after(*(Ping(kind=START, at=number, run=str(number)) for number in range(250)))
    assert len(pulse.runs) == MAX_RUNS
    assert pulse.runs[-1] == ("249", NOW + 249)


@pytest.mark.parametrize(
    ("pinged", "due"),
    [
        (
            "2026-03-28T01:30",
            "2026-03-29T01:00",
        ),  # in winter, the next after the clocks went forward, from 2:00 to 3:00
        ("2026-03-29T01:00", "2026-03-30T00:30"),
        ("2026-10-24T00:30", "2026-10-25T00:30"),  # 2:30 comes twice, and is due the first time
        ("2026-10-25T00:31", "2026-10-26T01:30"),
    ],
)
def test_a_schedule_in_a_zone_follows_its_clock(pinged: str, due: str) -> None:
    """What is due at 2:30 in Berlin is due there once a day, whatever the clocks do."""
    options = Heartbeat(cron="30 2 * * *", timezone="Europe/Berlin", grace=MINUTE)
    stamp = int(utc(pinged).timestamp()) * 1000
    pulse = heard(Pulse(), Ping(kind=OK, at=stamp, number=1))
    assert deadlines(pulse, options).due == int(utc(due).timestamp()) * 1000


def test_a_paused_heartbeat_misses_nothing_and_a_resumed_one_is_new() -> None:
    """Pausing stops the clock; resuming waits for the first ping; a ping does as it always does."""
    paused = switched(after((0, OK), (5, START)), NOW + 10, enabled=False)
    assert (paused.state, paused.runs) == (HeartbeatState.PAUSED, ())
    assert at(paused, HOURLY, NOW + 9 * DAY) is paused
    assert switched(paused, NOW + 20, enabled=False) is paused
    resumed = switched(paused, NOW + DAY, enabled=True)
    assert (resumed.state, resumed.since) == (HeartbeatState.NEW, NOW + DAY)
    assert at(resumed, HOURLY, NOW + 9 * DAY) is resumed
    assert after((DAY, OK), pulse=paused).state is HeartbeatState.UP
    assert after((DAY, START), pulse=paused).state is HeartbeatState.PAUSED


def test_what_may_have_been_lost_while_we_were_away_is_given_time() -> None:
    """A ping that was due in a gap is missed when the grace has passed from its end, and the message says so."""
    pulse = after((0, OK))
    gap = Gap(NOW + HOUR - MINUTE, NOW + 3 * HOUR, StateReason.MONITOR_STOPPED)
    assert deadlines(pulse, HOURLY, gap).doubted
    assert at(pulse, HOURLY, NOW + 3 * HOUR, gap).state is HeartbeatState.LATE
    down = at(pulse, HOURLY, NOW + 3 * HOUR + 5 * MINUTE, gap)
    assert (down.state, down.since) == (HeartbeatState.DOWN, NOW + 3 * HOUR + 5 * MINUTE)
    assert down.message.endswith("one may have been lost while pings could not be taken for 2h1m")
    assert not deadlines(after((3 * HOUR, OK), pulse=pulse), HOURLY, gap).doubted


def test_a_gap_excuses_nothing_that_it_did_not_cover() -> None:
    """What was missed before a gap is missed, and what is due long after is due when it was."""
    pulse = after((0, OK))
    missed = NOW + HOUR + 5 * MINUTE
    later = Gap(missed + 1, missed + DAY, StateReason.MONITOR_STOPPED)
    assert at(pulse, HOURLY, missed + DAY, later).since == missed
    early = Gap(NOW + MINUTE, NOW + 2 * MINUTE, StateReason.MONITOR_STALLED)
    assert deadlines(pulse, HOURLY, early) == deadlines(pulse, HOURLY)
    back = Gap(NOW + 10 * MINUTE, NOW - HOUR, StateReason.CLOCK_JUMPED)
    assert deadlines(pulse, HOURLY, back) == deadlines(pulse, HOURLY)


def test_a_run_whose_end_may_have_been_lost_is_given_time_too() -> None:
    """A run that began before a gap has the grace from the gap's end."""
    gap = Gap(NOW + MINUTE, NOW + 2 * HOUR, StateReason.MONITOR_STOPPED)
    assert deadlines(after((0, START)), HOURLY, gap).missed == NOW + 2 * HOUR + 5 * MINUTE


def test_results_go_forward_whatever_clocks_do() -> None:
    """Two results of one instant, and one after a clock went back, still follow each other."""
    pulse = replace(after((0, OK)), seconds=2.5)
    judgement = judged(pulse)
    assert judgement is not None
    first, pulse = result(7, pulse, judgement, NOW)
    second, pulse = result(7, pulse, judgement, NOW)
    third, _ = result(7, pulse, judgement, NOW - HOUR)
    assert [first.at, second.at, third.at] == [NOW, NOW + 1, NOW + 2]
    assert (first.check, first.seconds, first.verdict) == (7, 2.5, Verdict.UP)


KINDS = st.sampled_from([OK, START, FAIL, LOG])


@given(
    pings=st.lists(st.tuples(st.integers(0, 40 * MINUTE), KINDS, st.sampled_from(["", "a", "b"])), max_size=8),
    looks=st.lists(st.integers(0, 4 * HOUR), max_size=5),
    cron=st.sampled_from(["", "*/20 * * * *"]),
)
def test_looking_often_finds_what_looking_once_finds(
    pings: list[tuple[int, PingKind, str]], looks: list[int], cron: str
) -> None:
    """How a heartbeat stands does not depend on how often anybody looked, and nothing changes before it was said to."""
    options = Heartbeat(period=HOUR, grace=7 * MINUTE, cron=cron)
    pulse, now = Pulse(), NOW
    for gap, kind, run in pings:
        now += gap
        pulse = heard(at(pulse, options, now), Ping(kind=kind, at=now, number=pulse.pings + 1, run=run))
    looked = pulse
    for offset in sorted(looks):
        upcoming = min(changes(looked, options), default=None)
        found = at(looked, options, now + offset)
        assert found == at(pulse, options, now + offset)
        if upcoming is None or now + offset < upcoming:
            assert found == looked
        looked = found
