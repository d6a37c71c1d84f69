"""Texts with gaps: the part of Prometheus' annotation templates that alerts need, and nothing that could loop or fail.

    {{ $labels.instance }}            the value of a label of the result, empty when it has none
    {{ $value }}                      the expression's value, in the shortest form that reads back as the same number
    {{ $value | printf "%.1f" }}      the value with a fixed number of decimals, 0 to 9

Everything else between double braces is refused when the rule is made, with the position of the gap.
"""

import math
import re
from dataclasses import dataclass
from typing import Final

from sightline.domain.errors import BadData
from sightline.domain.labels import Labels

_GAP: Final = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_LABEL: Final = re.compile(r"\s*\$labels\.([a-zA-Z_][a-zA-Z0-9_]*)\s*")
_VALUE: Final = re.compile(r"\s*\$value\s*(?:\|\s*printf\s+\"%\.([0-9])f\"\s*)?")


@dataclass(frozen=True, slots=True)
class LabelGap:
    """A place for a label's value."""

    name: str


@dataclass(frozen=True, slots=True)
class ValueGap:
    """A place for the value, with so many decimals, or as short as it goes when None."""

    decimals: int | None


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed text: literal parts and gaps in their order."""

    parts: tuple[str | LabelGap | ValueGap, ...]

    @property
    def uses_value(self) -> bool:
        """Whether the text changes with the value."""
        return any(isinstance(part, ValueGap) for part in self.parts)

    def fill(self, labels: Labels, value: float) -> str:
        """The text for one element of a result."""
        return "".join([part if isinstance(part, str) else _filled(part, labels, value) for part in self.parts])


def parse_template(text: str) -> Template:
    """Read a template.

    Raises:
        BadData: a gap that is not one of the three forms; the message shows it and says what may be written.
    """
    parts: list[str | LabelGap | ValueGap] = []
    at = 0
    for gap in _GAP.finditer(text):
        parts.append(text[at : gap.start()])
        parts.append(_parsed(gap))
        at = gap.end()
    parts.append(text[at:])
    if "{{" in text[at:]:
        message = f"template {text!r}: a gap is opened by '{{{{' and never closed by '}}}}'"
        raise BadData(message)
    return Template(tuple(part for part in parts if part != ""))


def literal(text: str) -> Template:
    """A template without gaps, whatever the text."""
    return Template((text,))


def _parsed(gap: re.Match[str]) -> LabelGap | ValueGap:
    label = _LABEL.fullmatch(gap[1])
    if label is not None:
        return LabelGap(label[1])
    value = _VALUE.fullmatch(gap[1])
    if value is not None:
        return ValueGap(None if value[1] is None else int(value[1]))
    message = (
        f"template gap {gap[0]!r} at character {gap.start() + 1}: "
        'write {{ $labels.name }}, {{ $value }} or {{ $value | printf "%.1f" }}'
    )
    raise BadData(message)


def _filled(gap: LabelGap | ValueGap, labels: Labels, value: float) -> str:
    if isinstance(gap, LabelGap):
        return labels.get(gap.name)
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
    if gap.decimals is not None:
        return f"{value:.{gap.decimals}f}"
    return repr(value).removesuffix(".0")
