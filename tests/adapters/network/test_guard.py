"""Addresses that nobody connects to for a setting's sake."""

import socket

import pytest

from sightline.adapters.network.guard import Guard, Policy, is_metadata, networks
from sightline.domain.errors import SettingsInvalid


@pytest.mark.parametrize(
    "address",
    [
        *("169.254.169.254", "169.254.0.1", "fe80::1", "fe80::1%eth0", "febf::1", "[fe80::1]"),
        *("fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "168.63.129.16", "192.0.0.192"),
        *("::ffff:169.254.169.254", "::ffff:a9fe:a9fe", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1"),
    ],
)
def test_link_local_and_metadata_are_known(address: str) -> None:
    """Under every way of writing them."""
    assert is_metadata(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "fd00::1", "100.100.100.201", "93.184.216.34"),
        *("::ffff:127.0.0.1", "2002:0a00:0001::1", "64:ff9b::0a00:1", "fec0::1", "metadata.google.internal", ""),
    ],
)
def test_other_networks_are_fine(address: str) -> None:
    """Loopback and private networks are where people run what they want told."""
    assert not is_metadata(address)


def test_a_socket_is_made_for_what_is_allowed_alone() -> None:
    """What is refused is remembered, and can be allowed."""
    info = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 80))
    guard = Guard()
    with pytest.raises(OSError, match="link-local"):
        guard.socket(info)
    assert guard.refused == "169.254.169.254"
    assert guard.advice("meta.example").startswith("meta.example is at 169.254.169.254, which is a link-local")
    Guard(allow=True).socket(info).close()
    guard = Guard()
    guard.socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80))).close()
    assert guard.refused == ""


def test_settings_list_what_is_allowed_and_denied() -> None:
    """What is allowed counts before what is denied, and both before what is denied of itself, however it is written."""
    policy = Policy(
        allowed=networks(["169.254.10.0/24", " 10.1.0.1 "], "checks.allow_addresses"),
        denied=networks(["10.0.0.0/8", "2001:db8::/32"], "checks.deny_addresses"),
        setting="checks.allow_addresses",
        deny_setting="checks.deny_addresses",
    )
    for address in ("169.254.10.9", "10.1.0.1", "192.0.2.1", "::1", "a.name", "::ffff:10.1.0.1"):
        assert policy.why_not(address) == ""
    for address in ("169.254.169.254", "fe80::1%eth0"):
        assert "metadata" in policy.why_not(address)
    for address in ("10.1.0.2", "2001:db8::7", "::ffff:10.0.0.1", "64:ff9b::a00:1"):
        assert policy.why_not(address) == "among what checks.deny_addresses denies"
    guard = Guard(policy=policy)
    with pytest.raises(OSError, match=r"among what checks\.deny_addresses denies"):
        guard.check("10.9.9.9")
    assert guard.advice("box.example") == (
        "box.example is at 10.9.9.9, which is among what checks.deny_addresses denies: "
        "add it to checks.allow_addresses if that is meant"
    )


def test_networks_are_written_as_networks() -> None:
    """Anything else is told with the name of the setting."""
    with pytest.raises(SettingsInvalid, match=r"checks\.deny_addresses: .*10\.0\.0\.0/99"):
        networks(["10.0.0.0/99"], "checks.deny_addresses")


def test_addresses_beyond_counting_are_judged() -> None:
    """What is remembered of them is bounded, and right."""
    policy = Policy()
    for number in range(11_000):
        assert policy.why_not(f"10.0.{number >> 8}.{number & 255}") == ""
    assert policy.why_not("169.254.169.254")
