"""Unlock protected status pages: passwords are compared seldom enough that guessing is hopeless, and remembered by tokens."""

import asyncio
from hashlib import sha256
from typing import Final

from sightline.application.sign import SigningKey
from sightline.domain.errors import Overloaded
from sightline.domain.probes.attempts import Attempts
from sightline.domain.probes.page_password import matches
from sightline.domain.probes.sealed import opened, seal
from sightline.domain.probes.status_page import StatusPage
from sightline.domain.timerange import DAY
from sightline.ports.clock import Clock

REMEMBERED_FOR: Final = 30 * DAY
"""For how long (ms) a token opens a page."""
MAX_VERIFIED: Final = 1_000
"""Passwords of programs that are remembered as right, by their digests: comparing one takes 50 ms."""

_PURPOSE: Final = "unlock"


class Unlock:
    """The use case."""

    def __init__(self, signing: SigningKey, clock: Clock) -> None:
        self._signing = signing
        self._clock = clock
        self._of_caller = Attempts(10, 30.0)
        self._of_page = Attempts(60, 2.0)
        self._verified: dict[bytes, None] = {}

    async def try_password(self, page: StatusPage, password: str, caller: str) -> str | None:
        """A token that opens the page; None where the password is wrong. caller: whence it comes.

        Raises:
            Overloaded: too many were tried.
        """
        if not await self._is_right(page, password, caller):
            return None
        until = self._clock.now() + REMEMBERED_FOR
        return seal(await self._signing.get(), _PURPOSE, [page.slug, _digest(page)], until)

    async def opens(self, page: StatusPage, token: str) -> bool:
        """Whether a token opens the page; a new password makes old tokens void."""
        said = opened(await self._signing.get(), _PURPOSE, token, self._clock.now())
        return said == [page.slug, _digest(page)]

    async def _is_right(self, page: StatusPage, password: str, caller: str) -> bool:
        known = sha256(f"{page.password}\0{password}".encode("utf-8", "surrogatepass")).digest()
        if known in self._verified:
            return True
        now = self._clock.monotonic()
        wait = self._of_caller.take(caller, now) or self._of_page.take(page.slug, now)
        if wait:
            raise Overloaded("too many passwords were tried: wait a little", retry_after=wait)
        if not await asyncio.to_thread(matches, password, page.password):
            return False
        if len(self._verified) >= MAX_VERIFIED:
            self._verified.clear()
        self._verified[known] = None
        return True


def _digest(page: StatusPage) -> str:
    return sha256(page.password.encode()).hexdigest()[:16]
