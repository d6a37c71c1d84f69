"""Time as a caller of rounds of references, as long as there are any."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from sightline.application.vouch import Vouch

_log = structlog.get_logger("sightline.probing")


@asynccontextmanager
async def scouting(vouch: Vouch) -> AsyncIterator[None]:
    """Try references as long as the context is entered. What waits for a round then waits in vain: nobody can tell any more."""
    task = asyncio.create_task(_run(vouch), name="probing:references")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _run(vouch: Vouch) -> None:
    while True:
        await vouch.due()
        try:
            news = await vouch.once()
        except Exception as error:  # noqa: BLE001 - the outermost loop: a defect costs a round
            _log.error("references could not be tried because of a defect; it is tried again", exc_info=error)
            continue
        tried = ", ".join(map(str, vouch.references))
        if news:
            _log.warning("no reference takes a connection: what fails does not count until one does", tried=tried)
        elif news is not None:
            _log.info("a reference takes connections again: what fails counts", tried=tried)
