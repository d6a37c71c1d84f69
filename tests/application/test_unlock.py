"""Protected pages open to those who know the password, and to nobody who guesses."""

import pytest
from msgspec.structs import replace
from tests.application.status_world import PAGE, StatusWorld

from sightline.application.sign import SigningKey
from sightline.application.unlock import REMEMBERED_FOR
from sightline.domain.errors import Overloaded
from sightline.domain.probes.page_password import hashed

PROTECTED = replace(PAGE, password=hashed("sesame", b"s" * 16))


async def test_a_password_gives_a_token_that_opens_the_page() -> None:
    """For thirty days, that page alone, and until the password is another."""
    world = StatusWorld()
    token = await world.unlock.try_password(PROTECTED, "sesame", "1")
    assert token is not None
    assert await world.unlock.opens(PROTECTED, token)
    assert not await world.unlock.opens(replace(PROTECTED, slug="other"), token)
    assert not await world.unlock.opens(replace(PROTECTED, password=hashed("other", b"s" * 16)), token)
    assert not await world.unlock.opens(PROTECTED, "x")
    world.clock.skip(REMEMBERED_FOR)
    assert not await world.unlock.opens(PROTECTED, token)


async def test_guessing_is_slow() -> None:
    """Ten wrong ones of a caller are compared, then it is time to wait; whoever knows it comes in."""
    world = StatusWorld()
    assert await world.unlock.try_password(PROTECTED, "sesame", "friend") is not None
    for _ in range(10):
        assert await world.unlock.try_password(PROTECTED, "wrong", "1") is None
    with pytest.raises(Overloaded) as caught:
        await world.unlock.try_password(PROTECTED, "guess", "1")
    assert caught.value.detail["retry_after"] == 30
    assert await world.unlock.try_password(PROTECTED, "sesame", "1") is not None
    await world.clock.advance(30)
    assert await world.unlock.try_password(PROTECTED, "guess", "1") is None


async def test_all_copies_of_the_program_have_one_key() -> None:
    """It is made once, and read by those who come later."""
    world = StatusWorld()
    first = await world.signing.get()
    assert await SigningKey(world.catalog, lambda count: b"x" * count).get() == first
