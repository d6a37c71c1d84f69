"""Reads what many containers use at once, so that none waits for another."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sightline.adapters.outbound.sources.docker.engine import Engine
from sightline.adapters.outbound.sources.docker.failures import Gone, ReadFailed
from sightline.domain.containers.usage import Usage
from sightline.domain.errors import Unavailable


class Missing(StrEnum):
    """Why a read brought nothing."""

    GONE = "gone"
    """The container was removed, or nothing of it runs any more."""
    LATE = "late"
    """It did not answer in time."""
    FAILED = "failed"
    """The Engine answered with an error, or with something that is no answer."""
    AWAY = "away"
    """The Engine could not be asked."""


@dataclass(frozen=True, slots=True)
class Read:
    """What a container uses, and what the Engine says that it used a read before, if it does."""

    usage: Usage
    before: Usage | None


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited, in seconds; a collection has four.

    settle: for the first list of containers. read: for one container (the Engine may take one second, older ones two).
    whole: for all of them.
    """

    settle: float = 0.5
    read: float = 2.5
    whole: float = 3.0


async def read_all(engine: Engine, ids: Sequence[str], patience: Patience) -> dict[str, Read | Missing]:
    """One read of each container, begun in the order of the ids, as many at once as the connection takes."""
    if not ids:
        return {}
    tasks = {id_: asyncio.create_task(_read(engine, id_, patience.read)) for id_ in ids}
    try:
        await asyncio.wait(tasks.values(), timeout=patience.whole)
        return {id_: task.result() if task.done() else Missing.LATE for id_, task in tasks.items()}
    finally:
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)


async def _read(engine: Engine, id_: str, seconds: float) -> Read | Missing:
    try:
        async with engine.turns, asyncio.timeout(seconds):
            usage, before = await engine.usage(id_)
    except Gone:
        return Missing.GONE
    except TimeoutError:
        return Missing.LATE
    except ReadFailed:
        return Missing.FAILED
    except Unavailable:
        return Missing.AWAY
    return Missing.GONE if usage is None else Read(usage, before)
