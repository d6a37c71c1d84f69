"""An outcome as conditions look at it: what costs something to make is made once, and only where it is asked for."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import msgspec

from sightline.domain.probes.outcome import Outcome

_CHARSET: Final = re.compile(r"""charset\s*=\s*["']?([\w.:-]{1,40})""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Missing:
    """What a condition asks for is not there. why: in words, as `there is no header x-id`."""

    why: str


class Seen:
    """What one attempt saw, at an instant (ms) by the clock of who judges it."""

    def __init__(self, outcome: Outcome, now: int) -> None:
        self.outcome = outcome
        self.now = now

    @cached_property
    def text(self) -> str:
        """The body as text: in the character set that its header names, else UTF-8; what does not decode is replaced."""
        named = _CHARSET.search(self.headers.get("content-type", ""))
        if named is not None:
            try:
                return self.outcome.body.decode(named[1], "replace")
            except (LookupError, UnicodeError):
                pass
        return self.outcome.body.decode(errors="replace")

    @cached_property
    def headers(self) -> dict[str, str]:
        """Headers by name in small letters; those with one name are joined by commas."""
        found: dict[str, str] = {}
        for name, value in self.outcome.headers:
            lower = name.lower()
            found[lower] = f"{found[lower]}, {value}" if lower in found else value
        return found

    @cached_property
    def json(self) -> Any:
        """The body as JSON, or what is Missing."""
        if not self.outcome.body:
            return Missing("there is no body")
        try:
            return msgspec.json.decode(self.outcome.body)
        except (msgspec.DecodeError, RecursionError):
            return Missing("the body is no JSON")
