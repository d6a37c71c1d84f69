"""Race: wait for whatever comes first."""

import asyncio
from collections.abc import Awaitable


async def race(*contestants: Awaitable[object]) -> None:
    """Wait until one of them ends; the others are cancelled, and have ended too when this returns.

    How they ended nobody is told, be it with an error.
    """
    tasks = {asyncio.ensure_future(one) for one in contestants}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in tasks:
            one.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
