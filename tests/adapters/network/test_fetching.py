"""Addresses that messages name are asked within bounds, and not everywhere."""

import threading
from typing import Any

import pytest
from tests.adapters.webhook_receiver import Receiver, receiving

from sightline.adapters.network.fetching import MAX_BYTES, GuardedFetch
from sightline.domain.errors import Unavailable


def given(receiver: Receiver, **changes: Any) -> None:
    """Have a receiver answer so."""
    for name, value in changes.items():
        setattr(receiver, name, value)


async def test_an_address_is_asked() -> None:
    """What an address answers is given as it is."""
    with receiving() as receiver:
        given(receiver, body=b"certificate")
        assert await GuardedFetch()(f"{receiver.url}?token=secret") == b"certificate"


@pytest.mark.parametrize("status", [302, 403, 500])
async def test_other_answers_are_none(status: int) -> None:
    """An answer that is no success is told by its status, without the address, and is not followed."""
    with receiving() as receiver:
        given(receiver, status=status, headers={"Location": "http://169.254.169.254/"})
        with pytest.raises(Unavailable, match=f"^127.0.0.1 answered {status}$"):
            await GuardedFetch()(f"{receiver.url}?token=secret")
        assert len(receiver.requests) == 1


async def test_answers_are_bounded() -> None:
    """An answer that is longer than the bound is not used."""
    with receiving() as receiver:
        given(receiver, body=b"x" * (MAX_BYTES + 1))
        with pytest.raises(Unavailable, match=f"more than {MAX_BYTES} bytes"):
            await GuardedFetch()(receiver.url)
        receiver.body = b"x" * MAX_BYTES
        assert len(await GuardedFetch()(receiver.url)) == MAX_BYTES


async def test_silence_ends() -> None:
    """Who does not answer is not waited for."""
    silent = threading.Event()
    with receiving() as receiver:
        given(receiver, silent=silent)
        try:
            with pytest.raises(Unavailable, match=r"did not answer within 0\.05 s"):
                await GuardedFetch(timeout=0.05)(receiver.url)
        finally:
            silent.set()


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]", "[::ffff:169.254.169.254]"])
async def test_metadata_is_not_asked(host: str) -> None:
    """Addresses of clouds' metadata are refused before anything is sent."""
    with pytest.raises(Unavailable, match="metadata"):
        await GuardedFetch()(f"http://{host}/latest/meta-data/")


async def test_nobody_is_told_as_such() -> None:
    """Where nobody listens the message names the host alone."""
    with pytest.raises(Unavailable, match=r"^127\.0\.0\.1 cannot be reached"):
        await GuardedFetch()("http://127.0.0.1:1/?token=secret")
