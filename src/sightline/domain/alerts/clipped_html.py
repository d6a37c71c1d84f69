"""HTML that is no longer than a service takes, and is whole for all that."""

import re
from html import unescape
from typing import Final

from sightline.domain.alerts.clipped import ELLIPSIS

_PIECE: Final = re.compile(
    r"<(?P<end>/?)(?P<tag>[A-Za-z][A-Za-z0-9-]{0,30})(?:\s[^<>]*)?>|&#?[A-Za-z0-9]{1,32};|.", re.DOTALL
)


def clipped_html(text: str, most: int) -> str:
    """At most so many characters of simple HTML: tags that are open where it is cut are closed behind the ellipsis.

    Neither a tag nor an entity such as `&amp;` is cut in two. most: 1 at least. Every tag that is opened must be closed, as in what
    chats take; what is no HTML stays none.
    """
    if len(text) <= most:
        return text
    kept: list[str] = []
    opened: list[str] = []
    taken, closing = 0, 0
    for piece in _PIECE.finditer(text):
        tag, is_end = piece["tag"], bool(piece["end"])
        is_matched = is_end and opened[-1:] == [tag]
        within = closing
        if tag and (is_matched or not is_end):
            within += -len(f"</{tag}>") if is_matched else len(f"</{tag}>")
        if taken + len(piece[0]) + within + len(ELLIPSIS) > most:
            break
        closing = within
        if is_matched:
            opened.pop()
        elif tag and not is_end:
            opened.append(tag)
        kept.append(piece[0])
        taken += len(piece[0])
    return "".join([*kept, ELLIPSIS, *(f"</{tag}>" for tag in reversed(opened))])


def without_tags(text: str) -> str:
    """What HTML says as plain text."""
    return unescape(_PIECE.sub(lambda piece: "" if piece["tag"] else piece[0], text))
