"""A bounded part of JSONPath: where in a JSON value something stands.

Source: RFC 9535. There are names (`.name`, `['name']`), indexes (`[0]`, `[-1]`), all children (`.*`, `[*]`) and what lies at
any depth (`..name`, `..[0]`, `..*`). Slices, lists of selectors and filters are refused by name.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from sightline.domain.errors import BadData

MAX_VISITED: Final = 100_000
"""Values that a path may lead past: half a tenth of a second."""
MAX_STEPS: Final = 32

_NAME: Final = re.compile(r"[^\W\d][\w-]*")
_INDEX: Final = re.compile(r"\[[ \t]*(-?(?:0|[1-9][0-9]{0,8}))[ \t]*\]")
_QUOTED: Final = re.compile(r"""\[[ \t]*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")[ \t]*\]""", re.DOTALL)
_EVERY: Final = re.compile(r"\[[ \t]*\*[ \t]*\]")
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t"}


class PathTooWide(Exception):
    """The path leads past more values than are looked at."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step on the way: to a child by name or index, or, where `key` is None, to all children. deep: from any depth below."""

    key: str | int | None
    deep: bool = False


@dataclass(frozen=True, slots=True)
class JsonPath:
    """A path, and its text as it was written."""

    text: str
    steps: tuple[Step, ...]

    @property
    def single(self) -> bool:
        """Whether it leads to one value at most."""
        return all(step.key is not None and not step.deep for step in self.steps)

    def find(self, root: Any) -> list[Any]:
        """All values that it leads to, in the order of the document.

        Raises:
            PathTooWide: there are more than `MAX_VISITED` on the way.
        """
        found, visited = [root], 0
        for step in self.steps:
            before: Iterable[Any] = _below(found) if step.deep else found
            found = []
            for value in before:
                for child in _children(value, step.key):
                    found.append(child)
                    visited += 1
                visited += 1
                if visited > MAX_VISITED:
                    raise PathTooWide(f"{self.text} leads past more than {MAX_VISITED} values")
        return found


def parse_json_path(text: str) -> JsonPath:
    """Read a path such as `$.items[0].name`.

    Raises:
        BadData: not such a path; says where it stops being one.
    """
    written = text.strip()
    if not written.startswith("$"):
        raise BadData(f"{text[:60]!r} is no JSON path: it begins with $, as $.status or $.items[0].name")
    steps: list[Step] = []
    at = 1
    while at < len(written):
        step, at = _step(written, at)
        steps.append(step)
        if len(steps) > MAX_STEPS:
            raise BadData(f"a JSON path has at most {MAX_STEPS} steps")
    return JsonPath(written, tuple(steps))


def _step(text: str, at: int) -> tuple[Step, int]:
    deep = text.startswith("..", at)
    dotted = text.startswith(".", at)
    start = at + (2 if deep else 1 if dotted else 0)
    if dotted and text.startswith("*", start):
        return Step(None, deep), start + 1
    if dotted and (name := _NAME.match(text, start)) is not None:
        return Step(name[0], deep), name.end()
    if not dotted or deep:
        if (index := _INDEX.match(text, start)) is not None:
            return Step(int(index[1]), deep), index.end()
        if (quoted := _QUOTED.match(text, start)) is not None:
            return Step(_unescaped(quoted[1] if quoted[1] is not None else quoted[2]), deep), quoted.end()
        if (every := _EVERY.match(text, start)) is not None:
            return Step(None, deep), every.end()
    raise _refused(text, start)


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda escape: _ESCAPES.get(escape[1], escape[1]), text)


def _refused(text: str, at: int) -> BadData:
    rest = text[at:]
    if rest.startswith("[?"):
        return BadData(f"{text[:60]!r}: filters are no part of these paths: compare with any(...) or all(...)")
    if re.match(r"\[[^\]]*:", rest):
        return BadData(f"{text[:60]!r}: slices are no part of these paths: write [*] or one index")
    if re.match(r"\[[^\]'\"]*,", rest):
        return BadData(f"{text[:60]!r}: several selectors in one step are no part of these paths")
    where = f"at {rest[:20]!r}" if rest else "at its end"
    return BadData(f"{text[:60]!r} is no JSON path {where}: write $.name, $['a name'], $[0], $[*] or $..name")


def _children(value: Any, key: str | int | None) -> Iterable[Any]:
    if isinstance(value, dict):
        if key is None:
            return list(value.values())
        return (value[key],) if isinstance(key, str) and key in value else ()
    if isinstance(value, list):
        if key is None:
            return value
        return (value[key],) if isinstance(key, int) and -len(value) <= key < len(value) else ()
    return ()


def _below(roots: list[Any]) -> Iterator[Any]:
    """The values themselves and all below them, each before its children."""
    waiting = roots[::-1]
    while waiting:
        value = waiting.pop()
        yield value
        waiting.extend(list(_children(value, None))[::-1])
