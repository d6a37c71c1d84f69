"""Texts with gaps: the part of Prometheus' annotation templates that alerts need, and nothing that could loop or fail.

    {{ $labels.instance }}            the value of a label of the result, empty when it has none
    {{ $value }}                      the expression's value, in the shortest form that reads back as the same number
    {{ $value | printf "%.1f" }}      the value with a fixed number of decimals, 0 to 9
    {{ $value | humanize }}           the value for people; humanize1024, humanizeDuration and humanizePercentage likewise

`.Labels` and `.Value` are other words for `$labels` and `$value`, and `humanize $value` for `$value | humanize`.
Everything else between double braces is refused when the rule is made, with the position of the gap.
"""

import math
import re
from dataclasses import dataclass
from typing import Final

from sightline.domain.alerts.humanize import FORMS, not_finite
from sightline.domain.errors import BadData
from sightline.domain.labels import Labels

_GAP: Final = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_LABEL: Final = re.compile(r"\s*(?:\$l|\.L)abels\.([a-zA-Z_][a-zA-Z0-9_]*)\s*")
_VALUE: Final = re.compile(
    r"\s*(?:\$v|\.V)alue\s*(?:\|\s*(?:printf\s+\"%\.([0-9])f\"|(humanize\w*))\s*)?|\s*(humanize\w*)\s+(?:\$v|\.V)alue\s*"
)


@dataclass(frozen=True, slots=True)
class LabelGap:
    """A place for a label's value."""

    name: str


@dataclass(frozen=True, slots=True)
class ValueGap:
    """A place for the value: with so many decimals, or in the form of that name, or as short as it goes."""

    decimals: int | None = None
    form: str | None = None


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
        BadData: a gap that is none of these forms; the message shows it and says what may be written.
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
    form = value and (value[2] or value[3])
    if value is not None and (form is None or form in FORMS):
        return ValueGap(None if value[1] is None else int(value[1]), form)
    message = (
        f"template gap {gap[0]!r} at character {gap.start() + 1}: "
        'write {{ $labels.name }}, {{ $value }}, {{ $value | printf "%.1f" }} or {{ $value | humanize }}'
    )
    raise BadData(message)


def _filled(gap: LabelGap | ValueGap, labels: Labels, value: float) -> str:
    if isinstance(gap, LabelGap):
        return labels.get(gap.name)
    if gap.form is not None:
        return FORMS[gap.form](value)
    if not math.isfinite(value):
        return not_finite(value)
    if gap.decimals is not None:
        return f"{value:.{gap.decimals}f}"
    return repr(value).removesuffix(".0")
