"""References tried by connections over TCP, which are closed at once."""

import asyncio
from collections.abc import Sequence
from typing import Final

from typing_extensions import override

from sightline.adapters.network.dialling import Dialler
from sightline.adapters.network.failure import Failure
from sightline.domain.probes.reference import Reference
from sightline.ports.scout import Scout

TIMEOUT: Final = 2.0
"""Seconds for each reference, its lookup included: verdicts wait for it."""


class TcpScout(Scout):
    """Connects as probes do, and so past the same guard."""

    def __init__(self, dialler: Dialler, *, timeout: float = TIMEOUT) -> None:
        """timeout: seconds for each reference."""
        self._dialler = dialler
        self._timeout = timeout

    @override
    async def reaches_any(self, references: Sequence[Reference]) -> bool:
        waiting = {asyncio.ensure_future(self._reaches(one)) for one in references}
        try:
            while waiting:
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                if any(one.result() for one in done):
                    return True
        finally:
            for one in waiting:
                one.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
        return False

    async def _reaches(self, reference: Reference) -> bool:
        try:
            async with asyncio.timeout(self._timeout):
                addresses = await self._dialler.addresses(reference.host, "any", self._timeout)
                link = await self._dialler.connect(addresses, reference.port, str(reference))
        except (Failure, OSError):  # TimeoutError is one
            return False
        link.close()
        return True
