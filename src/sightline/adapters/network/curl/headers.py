"""Headers of requests as they go over the wire.

Source: RFC 9110, section 5.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from sightline import __version__
from sightline.adapters.network.curl.places import BadPlace

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_BREAK: Final = re.compile(r"[\r\n\0]")
_AGENT_ALONE: Final = (f"User-Agent: Sightline/{__version__}",)


def header_lines(headers: Mapping[str, str], option: str) -> list[str]:
    """Lines of headers that people wrote. option: where they did.

    Raises:
        BadPlace: one of them cannot be sent; values are not repeated.
    """
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name):
            raise BadPlace(f"{option}: {name[:50]!r} is not the name of a header")
        if _BREAK.search(value):
            raise BadPlace(f"{option}: {name} holds a line break, which cannot be sent")
    return [f"{name}: {value}" if value.strip() else f"{name};" for name, value in headers.items()]  # as libcurl has it


def with_agent(lines: list[str]) -> tuple[str, ...]:
    """With a word on who asks, unless people wrote another."""
    if not lines:
        return _AGENT_ALONE  # as of most checks, of which there are thousands
    return tuple(lines) if has_header(lines, "user-agent") else (*lines, *_AGENT_ALONE)


def has_header(lines: Iterable[str], name: str) -> bool:
    """Whether a header is among the lines. name: in small letters."""
    return any(line[: len(name) + 1].lower() in {f"{name}:", f"{name};"} for line in lines)
