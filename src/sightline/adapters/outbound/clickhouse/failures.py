"""What the engine's errors mean to us. Its messages start with `Code: <number>. DB::Exception:`."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sightline.domain.errors import QueryTimeout, SightlineError, StorageFull, TooManySamples, Unavailable

_CODE: Final = re.compile(r"Code: (\d+)\.")
_NOT_ENOUGH_SPACE: Final = 243
_TIMEOUT_EXCEEDED: Final = 159
_TOO_SLOW: Final = 160
_MEMORY_LIMIT_EXCEEDED: Final = 241
_SHOWN: Final = 400


def translated(message: str) -> SightlineError:
    """The error of ours that an engine's message stands for."""
    found = _CODE.search(message)
    number = int(found[1]) if found else 0
    shown = message.split(" (version ", maxsplit=1)[0][:_SHOWN] or "no reason given"
    if number == _NOT_ENOUGH_SPACE or "errno: 28," in message or "No space left on device" in message:
        return StorageFull(f"the store has no room: {shown}", engine_code=number)
    if number in {_TIMEOUT_EXCEEDED, _TOO_SLOW}:
        return QueryTimeout(
            "the store did not answer in time: ask for less, or raise query.timeout", engine_code=number
        )
    if number == _MEMORY_LIMIT_EXCEEDED:
        return TooManySamples("the query needs more memory than query.memory allows", engine_code=number)
    return Unavailable(f"the store failed: {shown}", engine_code=number)


@contextmanager
def translating() -> Iterator[None]:
    """Turn the engine's errors (RuntimeError and its kin) inside the block into ours."""
    try:
        yield
    except RuntimeError as error:
        raise translated(str(error)) from error
