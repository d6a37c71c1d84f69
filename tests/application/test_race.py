"""Waiting for whatever comes first."""

import asyncio

import pytest

from sightline.application.race import race

pytestmark = pytest.mark.anyio


async def test_the_others_have_ended_when_the_first_has() -> None:
    """None is left behind, whoever was first."""
    never, ended = asyncio.Event(), list[str]()

    async def lose() -> None:
        try:
            await never.wait()
        finally:
            ended.append("lost")

    await race(lose(), asyncio.sleep(0), lose())
    assert ended == ["lost", "lost"]


async def test_an_error_ends_it_and_is_told_to_nobody() -> None:
    """Who waits learns only that something came."""

    async def fail() -> None:
        raise ValueError("x")

    await race(fail(), asyncio.Event().wait())


async def test_whoever_gives_up_leaves_nothing_behind() -> None:
    """Cancellation ends all."""
    ended = asyncio.Event()

    async def lose() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    waiting = asyncio.create_task(race(lose()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert ended.is_set()
    assert waiting.cancelled()
