"""Addresses that nobody connects to for a setting's sake."""

import socket

import pytest

from sightline.adapters.network.guard import Guard, is_metadata


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
