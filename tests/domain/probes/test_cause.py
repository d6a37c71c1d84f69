"""What incidents are about."""

import pytest
from tests.domain.probes.checks import definition

from sightline.domain.probes.cause import cause_of, host_of, shown_url


@pytest.mark.parametrize(
    ("url", "host", "shown"),
    [
        ("https://user:secret@example.com:8443/a@b?c=d", "example.com", "https://example.com:8443/a@b?c=d"),
        ("example.com:22", "example.com", "example.com:22"),
        ("[::1]:5432", "::1", "[::1]:5432"),
        ("2001:db8::1", "2001:db8::1", "2001:db8::1"),
        ("postgres://u:p%40ss@db/x", "db", "postgres://db/x"),
        ("redis://:secret@cache:6379", "cache", "redis://cache:6379"),
        ("user@host", "host", "host"),
        ("", "", ""),
    ],
)
def test_hosts_and_what_is_shown(url: str, host: str, shown: str) -> None:
    """Whatever way the kind writes its addresses; never a user name, never a password."""
    assert (host_of(url), shown_url(url)) == (host, shown)


def test_checks_of_one_host_that_fail_alike_have_one_cause() -> None:
    """Another reason or another host is another."""
    first, second = definition("a", url="https://h/x"), definition("b", url="h:22")
    assert cause_of(first, "timed_out") == cause_of(second, "timed_out")
    assert cause_of(first, "timed_out") != cause_of(first, "connection_refused")
