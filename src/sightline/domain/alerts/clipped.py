"""Texts that are no longer than a service takes."""

from typing import Final

import msgspec

ELLIPSIS: Final = "…"
"""Where a text ends that was longer."""


def clipped(text: str, most: int) -> str:
    """At most so many characters of a text, the last an ellipsis where there were more. most: 1 at least."""
    return text if len(text) <= most else text[: most - 1] + ELLIPSIS


def clipped_bytes(text: str, most: int) -> str:
    """As much of a text as takes at most so many bytes in UTF-8, with an ellipsis likewise. most: 3 at least, an ellipsis alone."""
    whole = text.encode("utf-8", "replace")
    if len(whole) <= most:
        return text
    # Between characters: what is left of one that was cut in two is ignored.
    return whole[: most - len(ELLIPSIS.encode())].decode("utf-8", "ignore") + ELLIPSIS


def clipped_json(text: str, most: int) -> str:
    """As much of a text as takes at most so many bytes as a string of JSON, quotes included, with an ellipsis likewise.

    most: 5 at least, which is an ellipsis alone.
    """
    if _size(text) <= most:
        return text
    least, beyond = 0, min(len(text), most)
    while beyond - least > 1:
        middle = (least + beyond) // 2
        if _size(text[:middle] + ELLIPSIS) <= most:
            least = middle
        else:
            beyond = middle
    return text[:least] + ELLIPSIS


def _size(text: str) -> int:
    return len(msgspec.json.encode(text))
