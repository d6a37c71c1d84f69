"""Work that may take so long and no longer, by the Clock port."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, cast

from sightline.domain.errors import SightlineError
from sightline.ports.clock import Clock

_Result = TypeVar("_Result")


async def within(
    clock: Clock, seconds: float, work: Coroutine[Any, Any, _Result], expired: Callable[[], SightlineError]
) -> _Result:
    """Await the work, for so long at most; past that it is cancelled, as `asyncio.timeout` does with the loop's own time.

    Raises:
        What `expired` makes, when the time is over. Whatever the work raises.
    """
    task, is_expired = cast("asyncio.Task[Any]", asyncio.current_task()), False  # a coroutine runs in one
    others = task.cancelling()

    def expire() -> None:
        nonlocal is_expired
        is_expired = task.cancel()

    timer = clock.call_later(seconds, expire)
    try:
        return await work
    except asyncio.CancelledError:
        if not is_expired or task.uncancel() > others:
            raise
        raise expired() from None
    finally:
        timer.cancel()
