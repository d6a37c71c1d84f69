"""References: what is practically always there, so that whoever reaches none of them is cut off from everything himself."""

import re
from dataclasses import dataclass
from typing import Final

from typing_extensions import override

from sightline.domain.errors import InvalidField

MAX_REFERENCES: Final = 20

_WRITTEN: Final = re.compile(r"(?:\[([0-9A-Fa-f:.%]+)\]|([A-Za-z0-9._-]{1,253})):([0-9]{1,5})", re.ASCII)
_MAX_PORT: Final = 65_535
_SHOWN: Final = 80


@dataclass(frozen=True, slots=True)
class Reference:
    """A port that takes connections. host: a name or an address in numbers, without brackets."""

    host: str
    port: int

    @override
    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_reference(text: str) -> Reference:
    """A reference as people write it: `1.1.1.1:443`, `gateway.example.com:22`, `[2606:4700:4700::1111]:443`.

    Raises:
        InvalidField: it is none.
    """
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        message = f"{text[:_SHOWN]!r} is no host and port: write 1.1.1.1:443, or [2606:4700:4700::1111]:443"
        raise InvalidField(message, field="references")
    host, port = found[1] or found[2], int(found[3])
    if not 1 <= port <= _MAX_PORT:
        raise InvalidField(f"{text[:_SHOWN]!r} has no port from 1 to {_MAX_PORT}", field="references")
    return Reference(host, port)


class Contact:
    """Whether a place reaches any of its references, from round to round. Times are seconds on a clock that never goes back.

    is_cut_off: whether the last round found none; None before there was a round.
    """

    def __init__(self) -> None:
        self.is_cut_off: bool | None = None
        self._missed_at: float | None = None

    def tried(self, at: float, *, reached: bool) -> None:
        """A round ended at `at`."""
        self.is_cut_off = not reached
        if not reached:
            self._missed_at = at

    def was_cut_off_since(self, at: float) -> bool:
        """Whether any round that ended after `at` found none, or the last one did."""
        return bool(self.is_cut_off) or (self._missed_at is not None and self._missed_at >= at)
