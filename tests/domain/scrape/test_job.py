"""Jobs: addresses made whole, and secrets that stay so."""

import pytest

from sightline.domain.errors import BadData
from sightline.domain.scrape.job import BasicAuth, ScrapeJob, complete_address


@pytest.mark.parametrize(
    ("address", "scheme", "whole"),
    [
        ("127.0.0.1:9100", "http", "127.0.0.1:9100"),
        ("db-1.example", "http", "db-1.example:80"),
        ("db-1.example", "https", "db-1.example:443"),
        ("[::1]", "https", "[::1]:443"),
        ("[fe80::1%eth0]:9100", "http", "[fe80::1%eth0]:9100"),
        ("localhost:65535", "http", "localhost:65535"),
    ],
)
def test_an_address_without_a_port_gets_that_of_its_scheme(address: str, scheme: str, whole: str) -> None:
    """A port that is given stays, and one that is not comes from the scheme."""
    assert complete_address(address, scheme) == whole


@pytest.mark.parametrize(
    "address",
    [
        "",
        ":9100",
        "a:",
        "a:0",
        "a:65536",
        "a:123456",
        "a:x",
        "http://a",
        "a/metrics",
        "user@a",
        "a b",
        "::1",
        "a\n",
        "a:80:90",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    """Schemes, paths, bare IPv6 addresses and ports out of range are told what an address looks like."""
    with pytest.raises(BadData, match="is not an address: write host:port"):
        complete_address(address, "http")


def test_a_password_in_an_address_is_not_repeated() -> None:
    """Who writes credentials into an address is told that it is none, without them."""
    with pytest.raises(BadData, match=r"^'\.\.\.@db:1' is not an address") as raised:
        complete_address("http://alice:hidden@db:1", "http")
    assert "hidden" not in raised.value.message


def test_secrets_are_not_shown() -> None:
    """Neither repr nor str of a job holds a password, a token or the value of a header; what is not secret is there."""
    job = ScrapeJob(
        "node",
        basic_auth=BasicAuth("alice", "hidden-1"),
        bearer_token="hidden-2",
        headers={"X-Key": "hidden-3"},
    )
    for text in (repr(job), str(job), f"{job.basic_auth}", repr([job])):
        assert "hidden" not in text
    assert "alice" in repr(job)
    assert "X-Key" in repr(job)
    assert "bearer_token=''" in repr(ScrapeJob("node"))
