"""Status codes that are well, as people write them."""

import re
from functools import lru_cache
from typing import Final

from sightline.domain.errors import BadData

LEAST: Final = 100
MOST: Final = 999
_CODES: Final = re.compile(r"([1-9][0-9]{2})(?:[ \t]*(?:-|\.\.)[ \t]*([1-9][0-9]{2}))?")
_CLASS: Final = re.compile(r"([1-9])[xX]{2}")


@lru_cache(1024)  # a set takes 8 KB, and most checks accept the same
def accepted_codes(written: tuple[str, ...]) -> frozenset[int]:
    """The codes of `200`, `200-299`, `2xx` and the like.

    Raises:
        BadData: something else.
    """
    found: set[int] = set()
    for text in written:
        if (whole := _CLASS.fullmatch(text.strip())) is not None:
            found.update(range(100 * int(whole[1]), 100 * int(whole[1]) + 100))
            continue
        codes = _CODES.fullmatch(text.strip())
        if codes is None:
            raise BadData(f"{text[:40]!r} is no status code: write 200, 200-299 or 2xx")
        first, last = int(codes[1]), int(codes[2] or codes[1])
        if first > last:
            raise BadData(f"{text[:40]!r} ends before it begins")
        found.update(range(first, last + 1))
    return frozenset(found)
