"""Secrets that stand in files, which are read when they are used, so that they may change."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from sightline.domain.errors import NoticeRefused, Unavailable

MAX_SECRET: Final = 64 << 10
"""Bytes that are read of a file with a secret."""
HIDDEN: Final = "<secret>"
_TELLING: Final = 8
"""Characters from which a part of an address may be a secret."""


def read_secret(path: str, what: str) -> str:
    """What a file holds, without white space around it. what: the setting that names it.

    Raises:
        Unavailable: it cannot be read.
        NoticeRefused: it holds nothing, or more than one line.
    """
    try:
        with Path(path).open(encoding="utf-8") as file:
            text = file.read(MAX_SECRET).strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise Unavailable(f"{what} {path} cannot be read: {reason}") from None
    if not text or not text.isprintable():
        raise NoticeRefused(f"{what} {path} does not hold a secret in one line")
    return text


def parts_of_address(url: str) -> set[str]:
    """What of an address may be secret: all of it, user and password, long parts of the path, values of the query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return {url}
    long = {*parts.path.split("/"), parts.path, parts.query, *(value for _, value in parse_qsl(parts.query))}
    found = {url, parts.username or "", parts.password or "", *(one for one in long if len(one) >= _TELLING)}
    return {form for one in found for form in (one, unquote(one)) if form}


def hidden(text: str, secrets: Iterable[str]) -> str:
    """A text in which secrets are not shown."""
    for one in sorted({one for one in secrets if one.strip()}, key=len, reverse=True):
        text = text.replace(one, HIDDEN)
    return text
