"""Files of checks of other programs, by the name of their format."""

from collections.abc import Callable, Mapping
from typing import Final

from sightline.adapters.wire.blackbox_file import read_blackbox
from sightline.adapters.wire.gatus_file import read_gatus
from sightline.adapters.wire.imported_checks import Imported
from sightline.adapters.wire.kuma_backup import read_kuma
from sightline.domain.errors import InvalidParameter

FORMATS: Final[Mapping[str, Callable[[bytes], Imported]]] = {
    "kuma": read_kuma,
    "gatus": read_gatus,
    "blackbox": read_blackbox,
}


def read_checks_of(name: str, text: bytes) -> Imported:
    """What a file of that format says.

    Raises:
        InvalidParameter: no such format.
        BadData: not a file of it.
    """
    if name not in FORMATS:
        given = f"{name[:40]!r} is none" if name else "is missing"
        raise InvalidParameter(f"format: {given}: there are {', '.join(FORMATS)}", parameter="format")
    return FORMATS[name](text)
