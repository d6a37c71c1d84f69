"""Each stage by itself: what it takes out of what a channel would hear, and why."""

from dataclasses import replace

from sightline.domain.alerts.notice import Reason
from sightline.domain.alerts.pipeline.batch import Batch, Hold, Manners, WhenMuted
from sightline.domain.alerts.pipeline.cool_down import cool_down
from sightline.domain.alerts.pipeline.deduplicate import deduplicate
from sightline.domain.alerts.pipeline.follow import follow
from sightline.domain.alerts.pipeline.group import AlertGroup, group_key
from sightline.domain.alerts.pipeline.mute import mute
from sightline.domain.alerts.pipeline.rate import Rate
from sightline.domain.alerts.pipeline.sent import Member, Sent
from sightline.domain.alerts.posted import PostedAlert
from sightline.domain.alerts.route import Route
from sightline.domain.labels import Labels
from sightline.domain.tenancy import DEFAULT_TENANT

NOW = 1_000_000
ROUTE = Route("{}", "{}", "team", group_wait=30_000, group_interval=300_000, repeat_interval=3_600_000)


def alert(name: str = "Hot", starts_at: int = NOW, ends_at: int | None = None, *, timed: bool = False) -> PostedAlert:
    """An alert that was posted now."""
    return PostedAlert(DEFAULT_TENANT, Labels.of(alertname=name), Labels(), starts_at, ends_at, NOW, timed=timed)


HOT, COLD = Member(1, alert("Hot")), Member(2, alert("Cold"))
BATCH = Batch(ROUTE, Manners(), Sent(), NOW, {})
SILENCED = {1: Hold(Reason.SILENCED, ("s1",))}


def test_muted_alerts_are_taken_out() -> None:
    """One that the channel does not know is held with its reason; others stay."""
    found = mute(replace(BATCH, muted=SILENCED, firing=(HOT, COLD)))
    assert (found.firing, found.held, found.silently, found.known) == ((COLD,), SILENCED, (), ())


def test_muted_alerts_that_a_channel_knows_are_treated_as_its_manners_say() -> None:
    """They stay silently, are known once, or end."""
    told = replace(BATCH, muted=SILENCED, firing=(HOT,), sent=Sent(firing={1: 5}))
    assert mute(told).silently == (HOT,)
    ack = mute(replace(told, manners=Manners(when_muted=WhenMuted.ACKNOWLEDGE)))
    assert (ack.known, ack.silently) == ((HOT,), ())
    (ended,) = mute(replace(told, manners=Manners(when_muted=WhenMuted.RESOLVE))).resolved
    assert (ended.id, ended.alert.has_ended(NOW)) == (1, True)


def test_only_what_was_told_to_fire_resolves() -> None:
    """The end of anything else is taken out."""
    found = follow(replace(BATCH, resolved=(HOT, COLD), sent=Sent(firing={2: 5})))
    assert (found.resolved, found.held) == ((COLD,), {1: Hold(Reason.FIRING_NOT_SENT)})


def test_the_cooldown_holds_until_it_is_over() -> None:
    """And says when; an alert that the channel takes to fire is not held."""
    hot = replace(BATCH, manners=Manners(cooldown=100), firing=(HOT,), sent=Sent(resolved={1: NOW - 99}))
    assert (cool_down(hot).firing, cool_down(hot).again_at) == ((), NOW + 1)
    assert cool_down(replace(hot, sent=Sent(resolved={1: NOW - 100}))).firing == (HOT,)
    assert cool_down(replace(hot, sent=Sent(resolved={1: NOW + 5}))).firing == (HOT,)  # the clock was set back


def test_what_is_known_already_is_not_told() -> None:
    """Until the repeat interval is over, or when the clock was set back."""
    told = replace(BATCH, firing=(HOT,), sent=Sent(at=NOW, firing={1: NOW}))
    assert deduplicate(told).tell is False
    assert deduplicate(replace(told, now=NOW + 3_600_000)).reason is Reason.REPEATED
    assert deduplicate(replace(told, now=NOW - 1)).reason is Reason.REPEATED
    assert deduplicate(replace(told, sent=Sent())).reason is Reason.NEW_ALERTS


def test_a_group_ticks_in_whole_intervals() -> None:
    """After the first look, whose lateness does not count, what is new waits for the next tick."""
    group = AlertGroup(DEFAULT_TENANT, ROUTE, Labels(), "g", "g", due_at=30_000)
    group.put(HOT, NOW, 0)
    assert group.due_at == 30_000
    group.flushed(30_200)
    assert group.due_at == 330_000
    group.put(COLD, NOW, 400_000)
    assert group.due_at == 330_000
    group.flushed(330_100, again_in=1)
    assert group.due_at == 630_000


def test_an_alert_that_waited_elsewhere_makes_its_group_due() -> None:
    """Only before the first look."""
    group = AlertGroup(DEFAULT_TENANT, ROUTE, Labels(), "g", "g", due_at=30_000)
    group.put(Member(1, alert(starts_at=NOW - 30_001)), NOW, 7)
    assert group.due_at == 7


def test_keys_of_groups_are_written_as_alertmanager_does() -> None:
    """Pairs in order, with a comma and a blank, values in Go's quotes."""
    assert group_key(ROUTE, Labels.of(b='x"\n', a="é")) == '{}:{a="é", b="x\\"\\n"}'


def test_the_earlier_start_and_the_end_that_was_given_count() -> None:
    """What two posts tell of one stretch of firing is put together; a new stretch is an alert of its own."""
    before = alert(starts_at=NOW - 100, ends_at=NOW + 500)
    timed = alert(starts_at=NOW - 50, ends_at=NOW + 300, timed=True).after(before)
    assert (timed.starts_at, timed.ends_at, timed.timed) == (NOW - 100, NOW + 500, False)
    sooner = alert(starts_at=NOW - 50, ends_at=NOW + 300).after(replace(before, timed=True))
    assert (sooner.starts_at, sooner.ends_at) == (NOW - 100, NOW + 300)
    over = alert(starts_at=NOW - 900, ends_at=NOW - 500)
    assert alert(starts_at=NOW - 10).after(over) == alert(starts_at=NOW - 10)


def test_a_rate_lets_so_many_through_in_a_minute() -> None:
    """A burst of all of them, then one after another."""
    rate = Rate(2, since=0.0)
    assert [rate.wait(0.0) for _ in range(3)] == [0.0, 0.0, 30.0]
    assert rate.wait(30.0) == 0.0


def test_what_was_heard_late_counts_from_then() -> None:
    """For the alerts of that notice; a little lateness leaves the time of the next reminder as it is."""
    sent = Sent(at=100, firing={1: 100, 2: 40})
    assert sent.heard(150) == replace(sent, firing={1: 150, 2: 40})
    assert sent.heard(20_100) == replace(sent, at=20_100, firing={1: 20_100, 2: 40})
