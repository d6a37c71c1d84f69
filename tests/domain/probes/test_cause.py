"""What incidents are about."""

from tests.domain.probes.checks import definition

from sightline.domain.probes.cause import cause_of


def test_checks_of_one_host_that_fail_alike_have_one_cause() -> None:
    """Another reason or another host is another."""
    first, second = definition("a", url="https://h/x"), definition("b", url="h:22")
    assert cause_of(first, "timed_out") == cause_of(second, "timed_out")
    assert cause_of(first, "timed_out") != cause_of(first, "connection_refused")
