"""Names of parts between dots, as Graphite and StatsD have them, to metric names and labels."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from sightline.adapters.wire.exposition_series import LineMalformed, pairs
from sightline.domain.labels import METRIC_NAME, Labels

_ARROW: Final = "->"
_DROP: Final = "-"
_NOT_IN_METRIC: Final = re.compile(r"[^a-zA-Z0-9_:]")
_NOT_IN_LABEL: Final = re.compile(r"[^a-zA-Z0-9_]")
_REFERENCE: Final = re.compile(r"\$(?:(\d{1,3})|\{(\d{1,3})\})")


class MappingMalformed(ValueError):
    """A mapping that cannot be used; the message says why."""


class DottedNames:
    """Names series. Without a mapping that fits, each character that a metric's name may not have becomes `_`.

    mappings: as `servers.*.cpu.* -> cpu_usage{host="$1",mode="$2"}`: each `*` stands for any text without a dot, `$1` for what the
    first of them stood for; of several that fit the first counts. `servers.* -> -` leaves out what fits.
    """

    def __init__(self, mappings: Sequence[str] = ()) -> None:
        """Raises MappingMalformed for the first mapping that cannot be used."""
        self._mappings = [_Mapping(text) for text in mappings]

    def labels(self, path: str, tags: Iterable[tuple[str, str]] = ()) -> Labels | None:
        """The label set of a path with tags, where labels of a mapping go before tags; None when it is to be left out."""
        found = {_label_name(name): value for name, value in tags}
        for mapping in self._mappings:
            match = mapping.pattern.fullmatch(path)
            if match is None:
                continue
            if not mapping.pairs:
                return None
            found |= {name: _filled(text, match) for name, text in mapping.pairs}
            break
        else:
            found[METRIC_NAME] = path
        found[METRIC_NAME] = _metric_name(found[METRIC_NAME])
        return Labels.of(found)


class _Mapping:
    """One of them. pairs: label names and texts with references, the metric's name among them; none when it leaves out."""

    def __init__(self, text: str) -> None:
        left, arrow, right = (part.strip() for part in text.partition(_ARROW))
        if not arrow or not left or not right:
            raise MappingMalformed(f"{text!r} is not written as 'servers.*.cpu -> cpu_usage{{host=\"$1\"}}'")
        self.pattern = re.compile(re.escape(left).replace(r"\*", "([^.]*)"))
        try:
            # References are not of the grammar of metric names.
            name, brace, rest = right.partition("{")
            found = [] if right == _DROP else [(METRIC_NAME, name.strip()), *pairs(f"x{brace}{rest}".encode())[1:]]
        except LineMalformed as error:
            raise MappingMalformed(f"{text!r}: {error}") from None
        self.pairs: list[tuple[str, str]] = found
        stars = left.count("*")
        for name, value in found:
            if name != METRIC_NAME and (_label_name(name) != name or name.startswith("__")):
                raise MappingMalformed(f"{text!r}: {name!r} is no name that a label may have")
            for reference in _REFERENCE.finditer(value):
                number = int(reference[1] or reference[2])
                if not 1 <= number <= stars:
                    raise MappingMalformed(f"{text!r}: {reference[0]} stands for nothing: the left side has {stars} *")
        if found and not found[0][1]:
            raise MappingMalformed(f"{text!r}: the right side has no name")


def _filled(text: str, match: re.Match[str]) -> str:
    return _REFERENCE.sub(lambda reference: match[int(reference[1] or reference[2])], text)


def _metric_name(text: str) -> str:
    name = _NOT_IN_METRIC.sub("_", text)
    return f"_{name}" if name[:1].isdigit() else name


def _label_name(text: str) -> str:
    name = _NOT_IN_LABEL.sub("_", text)
    if name[:1].isdigit() or not name:
        return f"_{name}"
    return f"tag{name}" if name == METRIC_NAME else name
