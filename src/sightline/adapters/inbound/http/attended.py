"""Work that is worth doing only while somebody waits for it."""

import asyncio
from collections.abc import Coroutine
from functools import partial
from typing import Any, TypeVar

from sightline.adapters.inbound.http.asgi import Receive
from sightline.adapters.inbound.http.body import ClientGone

_Result = TypeVar("_Result")


async def attended(receive: Receive, work: Coroutine[Any, Any, _Result]) -> _Result:
    """The result of `work`, which is cancelled when the client hangs up. The request's body was read before.

    Raises:
        ClientGone: nobody waits any more.
    """
    working = asyncio.ensure_future(work)
    try:
        await asyncio.sleep(0)  # small work is done at once, and nobody need listen for the client meanwhile
    except asyncio.CancelledError:
        working.cancel()
        raise
    if working.done():
        return working.result()
    leaving = asyncio.ensure_future(_gone(receive))
    leaving.add_done_callback(partial(_end, working))
    try:
        return await working
    except asyncio.CancelledError:
        if leaving.done() and not _is_cancelled():
            raise ClientGone from None
        raise
    finally:
        leaving.cancel()


def _end(working: asyncio.Future[Any], leaving: asyncio.Future[None]) -> None:
    working.cancel()
    if not leaving.cancelled():
        leaving.exception()  # who cannot be heard has left


def _is_cancelled() -> bool:
    """Whether somebody else wants the present task to end."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
