"""Selectors into JSON, the part of JSONPath that leads to places: `$.alerts[*]`, `@.labels['host name']`, `$.list[0].id`.

Source: RFC 9535, for names, indexes and the wildcard of arrays; filters, slices and the descent `..` are not there, so that a
selector looks at each value once at most.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sightline.domain.errors import BadData

MAX_STEPS: Final = 32
"""Of one selector."""

_STEP: Final = re.compile(
    r"\.(?P<name>[^.\[\]'\"*\s]+)|\['(?P<single>[^'\\]*)'\]|\[\"(?P<double>[^\"\\]*)\"\]|\[(?P<index>-?[0-9]{1,9})\]|\[(?P<all>\*)\]"
)


class _Missing:
    """What a selector yields that leads nowhere."""


MISSING: Final = _Missing()


@dataclass(frozen=True, slots=True)
class Selector:
    """A way into JSON. is_of_body: whether it begins at the whole body (`$`), or at one alert (`@`). A step of None is `[*]`."""

    text: str
    is_of_body: bool
    steps: tuple[str | int | None, ...]

    @property
    def is_of_many(self) -> bool:
        """Whether it can lead to several places."""
        return None in self.steps

    def every(self, body: Any, alert: Any = None) -> Iterator[Any]:
        """What it leads to, in order."""
        return _found(body if self.is_of_body else alert, self.steps)

    def one(self, body: Any, alert: Any = None) -> Any:
        """What it leads to first; MISSING where that is nothing."""
        return next(self.every(body, alert), MISSING)


def parse_selector(text: str) -> Selector:
    """Read a selector.

    Raises:
        BadData: it is none; the message shows where it stops being one.
    """
    if text[:1] not in {"$", "@"}:
        raise BadData(f"{text[:80]!a} is no selector: it begins with $ for the body or @ for one alert")
    steps: list[str | int | None] = []
    at = 1
    while at < len(text):
        found = _STEP.match(text, at)
        if found is None:
            raise BadData(
                f"{text[:200]!a} is no selector from {text[at : at + 20]!a} on: write .name, ['name'], [0] or [*]"
            )
        kind = str(found.lastgroup)
        steps.append(None if kind == "all" else int(found[kind]) if kind == "index" else found[kind])
        at = found.end()
    if len(steps) > MAX_STEPS:
        raise BadData(f"{text[:80]!a} has {len(steps)} steps: a selector may have {MAX_STEPS}")
    return Selector(text, text[0] == "$", tuple(steps))


def _found(value: Any, steps: tuple[str | int | None, ...]) -> Iterator[Any]:
    for number, step in enumerate(steps):
        if step is None:
            if isinstance(value, list):
                for one in value:
                    yield from _found(one, steps[number + 1 :])
            return
        value = _next(value, step)
        if value is MISSING:
            return
    yield value


def _next(value: Any, step: str | int) -> Any:
    if isinstance(step, str):
        return value.get(step, MISSING) if isinstance(value, dict) else MISSING
    if not isinstance(value, list) or not -len(value) <= step < len(value):
        return MISSING
    return value[step]
