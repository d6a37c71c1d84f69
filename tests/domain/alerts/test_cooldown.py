from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sightline.domain.alerts.cooldown import (
    COOLDOWN,
    NEVER_TOLD,
    RETRY_AFTER,
    Pace,
    Standing,
    decide,
    forgettable,
    owe,
    refused,
    told,
    worth_telling,
)
from sightline.domain.alerts.notice import Alert, AlertState, Notice, Reason
from sightline.domain.labels import Labels
from sightline.domain.tenancy import DEFAULT_TENANT

PACE = Pace()
INACTIVE, PENDING, FIRING, RESOLVED = AlertState


def notice(state: AlertState) -> Notice:
    """An alert's change to a state; each is an object of its own."""
    alert = Alert(DEFAULT_TENANT, "Hot", Labels.of(alertname="Hot"), Labels(), state, 95.0, 0, 0, Reason.CONDITION_TRUE)
    return Notice(alert, PENDING, 0)


def after(standing: Standing, state: AlertState, now: int) -> Standing:
    """The standing after a change came and was told if that was the decision."""
    change = notice(state)
    verdict = decide(owe(standing, change, now), change, now, PACE)
    return told(verdict.standing, change, now) if verdict.tell else verdict.standing


def reason(standing: Standing, state: AlertState, now: int) -> tuple[bool, Reason]:
    """What is decided about a change, and why."""
    change = notice(state)
    verdict = decide(owe(standing, change, now), change, now, PACE)
    return verdict.tell, verdict.reason


def test_only_firing_and_resolved_are_worth_telling() -> None:
    """People are not told that something may soon fire or is long over."""
    assert [state for state in AlertState if worth_telling(notice(state))] == [FIRING, RESOLVED]


def test_a_first_firing_is_told() -> None:
    """A channel that knows nothing of an alert is told that it fires."""
    assert reason(NEVER_TOLD, FIRING, 0) == (True, Reason.NOTIFIED)


def test_a_firing_within_the_cooldown_is_held_until_its_end() -> None:
    """A second firing is held for the cooldown's rest, due at its end, and told then."""
    resolved = after(after(NEVER_TOLD, FIRING, 1_000), RESOLVED, 2_000)
    again = notice(FIRING)
    owed = owe(resolved, again, 3_000)
    held = decide(owed, again, 3_000, PACE)
    assert (held.tell, held.reason) == (False, Reason.COOLDOWN)
    assert held.standing.owed is again
    assert held.standing.due_at == 1_000 + COOLDOWN
    assert decide(held.standing, again, 1_000 + COOLDOWN - 1, PACE).reason is Reason.COOLDOWN
    assert decide(held.standing, again, 1_000 + COOLDOWN, PACE).tell


def test_a_resolve_follows_a_firing_that_was_told() -> None:
    """A resolve is told after a firing was, whatever the cooldown, and only once."""
    firing = after(NEVER_TOLD, FIRING, 0)
    assert reason(firing, RESOLVED, 1) == (True, Reason.NOTIFIED)
    assert reason(after(firing, RESOLVED, 1), RESOLVED, 2) == (False, Reason.FIRING_NOT_SENT)


def test_a_resolve_of_a_held_firing_is_not_told_and_ends_it() -> None:
    """When an alert resolves whose second firing was held, neither is told."""
    resolved = after(after(NEVER_TOLD, FIRING, 0), RESOLVED, 1)
    held = after(resolved, FIRING, 2)
    assert reason(held, RESOLVED, 3) == (False, Reason.FIRING_NOT_SENT)
    assert after(held, RESOLVED, 3).owed is None


def test_a_refused_notice_is_due_again_later() -> None:
    """What a channel refused stays owed for a while and is then decided anew."""
    change = notice(FIRING)
    standing = refused(owe(NEVER_TOLD, change, 0), change, 0, PACE)
    assert (standing.owed, standing.due_at, standing.open) == (change, RETRY_AFTER, False)


def test_a_newer_change_replaces_an_older_one_and_survives_its_telling() -> None:
    """What came while a notice was being handed over is not forgotten, whether the channel took that notice or not."""
    first, newer = notice(FIRING), notice(RESOLVED)
    meanwhile = owe(owe(NEVER_TOLD, first, 0), newer, 1)
    assert told(meanwhile, first, 2).owed is newer
    assert refused(meanwhile, first, 2, PACE) == meanwhile
    assert told(meanwhile, first, 2).open


def test_what_makes_no_difference_is_forgettable() -> None:
    """A standing can be forgotten once it is resolved, nothing is owed and the cooldown is over."""
    firing = after(NEVER_TOLD, FIRING, 0)
    resolved = after(firing, RESOLVED, 1)
    assert not forgettable(firing, 10 * COOLDOWN, PACE)
    assert not forgettable(resolved, COOLDOWN - 1, PACE)
    assert forgettable(resolved, COOLDOWN, PACE)
    assert not forgettable(owe(resolved, notice(FIRING), 2), COOLDOWN, PACE)


class Channel(RuleBasedStateMachine):
    """An alert that fires and resolves at random, on a channel that is down at random, looked at at random times."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0
        self.standing = NEVER_TOLD
        self.state = INACTIVE
        self.heard: list[tuple[int, AlertState]] = []

    @precondition(lambda self: self.state is not FIRING)
    @rule()
    def fires(self) -> None:
        """The alert fires."""
        self.state = FIRING
        self.standing = owe(self.standing, notice(FIRING), self.now)

    @precondition(lambda self: self.state is FIRING)
    @rule()
    def resolves(self) -> None:
        """The alert resolves."""
        self.state = RESOLVED
        self.standing = owe(self.standing, notice(RESOLVED), self.now)

    @rule(span=st.sampled_from([1, 1_000, RETRY_AFTER, COOLDOWN - 1, COOLDOWN]))
    def time_passes(self, span: int) -> None:
        """Time goes on."""
        self.now += span

    @rule(up=st.booleans())
    def delivers(self, up: bool) -> None:  # noqa: FBT001 - hypothesis passes by name
        """What is due is decided and handed over."""
        owed = self.standing.owed
        if owed is None or self.standing.due_at > self.now:
            return
        verdict = decide(self.standing, owed, self.now, PACE)
        self.standing = verdict.standing
        if not verdict.tell:
            return
        if up:
            self.heard.append((self.now, owed.alert.state))
            self.standing = told(self.standing, owed, self.now)
        else:
            self.standing = refused(self.standing, owed, self.now, PACE)

    @invariant()
    def firings_keep_their_distance(self) -> None:
        """Between two firing notices lies at least the cooldown."""
        firings = [at for at, state in self.heard if state is FIRING]
        assert all(later - earlier >= COOLDOWN for earlier, later in pairwise(firings))

    @invariant()
    def resolves_follow_firings(self) -> None:
        """The notice before a resolve is a firing."""
        states = [INACTIVE, *(state for _, state in self.heard)]
        assert all(before is FIRING for before, state in pairwise(states) if state is RESOLVED)

    @invariant()
    def nothing_true_is_lost(self) -> None:
        """Left alone on a channel that works, the channel soon believes what is true."""
        at, standing, believed = self.now, self.standing, [state for _, state in self.heard][-1:]
        for _ in range(3):
            owed = standing.owed
            if owed is None:
                break
            at = max(at, standing.due_at)
            verdict = decide(standing, owed, at, PACE)
            standing = told(verdict.standing, owed, at) if verdict.tell else verdict.standing
            believed = [owed.alert.state] if verdict.tell else believed
        assert standing.owed is None
        assert at <= self.now + COOLDOWN
        assert (believed == [FIRING]) == (self.state is FIRING)


TestChannel = Channel.TestCase


@given(st.integers(0, 10 * COOLDOWN))
def test_forgetting_changes_no_decision(now: int) -> None:
    """A forgettable standing decides as one that never was."""
    resolved = after(after(NEVER_TOLD, FIRING, 0), RESOLVED, 1)
    if forgettable(resolved, now, PACE):
        for state in (FIRING, RESOLVED):
            assert reason(resolved, state, now) == reason(NEVER_TOLD, state, now)
    else:
        assert now < COOLDOWN
