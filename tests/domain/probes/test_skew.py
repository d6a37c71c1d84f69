"""What time it is elsewhere."""

from sightline.domain.probes.skew import Skew

THEIRS = 1_700_000_000_000


def test_nothing_is_known_before_it_was_measured() -> None:
    """There is no guess."""
    assert Skew().now(5.0) is None


def test_their_time_is_that_of_the_middle_of_the_way() -> None:
    """An answer that took a second was given half a second ago."""
    skew = Skew()
    skew.measure(10.0, THEIRS, 11.0)
    assert skew.now(11.0) == THEIRS + 500
    assert skew.now(20.0) == THEIRS + 9_500


def test_the_quickest_answer_counts() -> None:
    """A slow one that came later says less."""
    skew = Skew()
    skew.measure(10.0, THEIRS, 10.01)
    skew.measure(20.0, THEIRS + 10_300, 21.0)
    assert skew.now(20.005) == THEIRS + 10_000


def test_an_old_answer_is_forgotten() -> None:
    """Clocks that run at other speeds are measured anew by the last few answers."""
    skew = Skew()
    skew.measure(0.0, THEIRS, 0.001)
    for number in range(1, 9):
        skew.measure(number, THEIRS + number * 1_010, number + 0.01)
    assert (skew.now(8.005) or 0) >= THEIRS + 8_009


def test_a_clock_that_was_set_is_believed_at_once() -> None:
    """An answer that cannot agree with the others counts alone."""
    skew = Skew()
    skew.measure(0.0, THEIRS, 0.001)
    skew.measure(10.0, THEIRS + 3_600_000, 10.5)
    assert skew.now(10.25) == THEIRS + 3_600_000
