"""Numbers of bytes, as people write them."""

import re
from typing import Final

from sightline.domain.errors import BadData

UNITS: Final = {
    "GiB": 1 << 30,
    "MiB": 1 << 20,
    "KiB": 1 << 10,
    "GB": 10**9,
    "MB": 10**6,
    "kB": 10**3,
    "KB": 10**3,
    "B": 1,
}
"""Bytes by unit."""
_SIZE: Final = re.compile(rf"([0-9]{{1,18}}(?:\.[0-9]{{1,9}})?)[ \t]*({'|'.join(UNITS)})?")
_BINARY: Final = ("GiB", "MiB", "KiB")


def parse_size(text: str) -> int:
    """Read a size such as `512MiB`, `1.5GiB`, `10MB` or a plain number of bytes; returns whole bytes.

    Raises:
        BadData: not a size.
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None or ("." in found[1] and found[2] in {None, "B"}):
        raise BadData(f"{text[:40]!r} is not a size: write for example 512MiB or 1GiB")
    scale = UNITS[found[2]] if found[2] else 1
    return round(float(found[1]) * scale) if "." in found[1] else int(found[1]) * scale


def format_size(size: int) -> str:
    """Write bytes in the largest binary unit that divides them: 1048576 is `1MiB`, 1000 is `1000B`."""
    for unit in _BINARY:
        if size and size % UNITS[unit] == 0:
            return f"{size // UNITS[unit]}{unit}"
    return f"{int(size)}B"  # a class of numbers may write itself by this
