"""The circuit breaker."""

from sightline.domain.breaker import Breaker


def test_it_opens_after_failures_in_a_row_and_tries_once_after_the_pause() -> None:
    """Five failures open it; after thirty seconds one trial decides."""
    breaker = Breaker()
    for _ in range(4):
        breaker.failed(100.0)
    assert breaker.allows(100.0)
    breaker.failed(100.0)
    assert not breaker.allows(129.9)
    assert breaker.allows(130.0)
    assert str(breaker.state) == "half_open"
    breaker.failed(130.0)
    assert not breaker.allows(159.0)
    assert breaker.allows(160.0)
    breaker.succeeded()
    assert str(breaker.state) == "closed"


def test_a_success_starts_the_count_again() -> None:
    """Failures count only in a row."""
    breaker = Breaker(limit=2)
    for _ in range(5):
        breaker.failed(0.0)
        breaker.succeeded()
    assert breaker.allows(0.0)


def test_a_try_in_spite_of_an_open_breaker_counts_too() -> None:
    """A failure begins the pause anew, and a success closes it."""
    breaker = Breaker(limit=1)
    breaker.failed(0.0)
    breaker.failed(10.0)
    assert str(breaker.state) == "open"
    assert not breaker.allows(39.0)
    breaker.succeeded()
    assert str(breaker.state) == "closed"
