import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.domain.alerts.outage import Outages
from sightline.domain.timerange import DAY, HOUR, MINUTE

OUTAGES = Outages(tolerance=HOUR, grace=10 * MINUTE)
FOR = 30 * MINUTE


@pytest.mark.parametrize(
    ("pending", "down", "left"),
    [
        (5, 3, 25),  # the time without the program does not count
        (0, 0, 30),
        (20, 40, 10),
        (21, 1, 10),  # nine minutes are less than the grace
        (29, 59, 10),
    ],
)
def test_what_is_left_of_for_after_an_outage(pending: int, down: int, left: int) -> None:
    """All in minutes: what was left before, and no less than the grace period."""
    since, seen = 0, pending * MINUTE
    now = seen + down * MINUTE
    assert OUTAGES.active_at(FOR, since, seen, now) + FOR - now == left * MINUTE


@given(st.integers(10 * MINUTE, DAY), st.integers(0, DAY), st.integers(0, DAY), st.integers(0, HOUR))
def test_an_alert_that_fired_fires_on_and_no_other_does(for_ms: int, since: int, spent: int, down: int) -> None:
    """Whether `for` was over when the program ended says it; who was pending waits for the grace period at least."""
    seen = since + spent
    now = seen + down
    active_at = OUTAGES.active_at(for_ms, since, seen, now)
    if spent >= for_ms:
        assert active_at == since
    else:
        assert OUTAGES.grace <= active_at + for_ms - now <= for_ms


def test_a_short_for_begins_anew() -> None:
    """It would wait longer for the grace period than for itself."""
    assert [OUTAGES.restores(minutes * MINUTE) for minutes in (0, 9, 10, 11)] == [False, False, True, True]
