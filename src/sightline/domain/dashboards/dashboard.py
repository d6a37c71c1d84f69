"""Dashboards as people write them, and what makes one usable."""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from msgspec import Struct

from sightline.domain.errors import BadData, InvalidParameter, SightlineError
from sightline.domain.promql.parse import parse
from sightline.domain.timerange import parse_duration

DASHBOARD_KIND: Final = "dashboard"
"""Under which kind the catalog keeps them."""
COLUMNS: Final = 12
"""Into so many columns a page is divided."""
MAX_PANELS: Final = 200
MAX_QUERIES: Final = 26
"""Queries of one panel: a letter each."""
MAX_VARIABLES: Final = 20

_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,98}[a-z0-9])?")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REFERENCE: Final = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))")
# What stands for an interval chosen by the page; `$__range` is the whole of what is shown.
_INTERVALS: Final = frozenset({"__interval", "__rate_interval", "__range"})


class PanelKind(StrEnum):
    """How a panel shows its queries: over time, as the latest figure, or as rows of latest figures."""

    CHART = "chart"
    STAT = "stat"
    TABLE = "table"


class PanelUnit(StrEnum):
    """What the numbers of a panel count; `auto` reads it from the name of the metric."""

    AUTO = "auto"
    COUNT = "count"
    PER_SECOND = "perSecond"
    PERCENT = "percent"
    RATIO = "ratio"
    BYTES = "bytes"
    BYTES_PER_SECOND = "bytesPerSecond"
    SECONDS = "seconds"


class PanelQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """PromQL, and how its series are called: `{{label}}` stands for a label's value, no text for what tells them apart."""

    expr: str
    legend: str = ""


class Panel(Struct, frozen=True, forbid_unknown_fields=True):
    """A titled box. width: in columns; height: in rows of 40 pixels, 0 for the kind's own."""

    title: str
    queries: tuple[PanelQuery, ...]
    kind: PanelKind = PanelKind.CHART
    unit: PanelUnit = PanelUnit.AUTO
    width: int = 6
    height: int = 0
    stacked: bool = False
    max: float | None = None
    description: str = ""


class Variable(Struct, frozen=True, forbid_unknown_fields=True):
    """A choice at the top of the page: the values that `label` has on `metric`, written as `$name` in queries.

    all: whether every value together may be chosen; then `$name` is a regular expression and wants `=~`.
    """

    name: str
    metric: str
    label: str
    title: str = ""
    all: bool = False


class Dashboard(Struct, frozen=True, forbid_unknown_fields=True):
    """A page of panels. name: how addresses call it. range: the time it shows unless another is chosen, such as `1h`."""

    name: str
    title: str
    panels: tuple[Panel, ...]
    description: str = ""
    variables: tuple[Variable, ...] = ()
    range: str = ""


def check(dashboard: Dashboard) -> None:
    """Refuse what could not be shown.

    Raises:
        InvalidParameter: the message says where and what.
    """
    if not _NAME.fullmatch(dashboard.name):
        raise _refused("name", f"{dashboard.name!r} is not 1 to 100 lower-case letters, digits and hyphens")
    if not dashboard.title.strip():
        raise _refused("title", "a dashboard needs a title")
    if len(dashboard.panels) > MAX_PANELS:
        raise _refused("panels", f"{len(dashboard.panels)} are more than the {MAX_PANELS} that a dashboard may have")
    if len(dashboard.variables) > MAX_VARIABLES:
        raise _refused(
            "variables", f"{len(dashboard.variables)} are more than the {MAX_VARIABLES} that a dashboard may have"
        )
    if dashboard.range:
        _check_range(dashboard.range)
    for number, variable in enumerate(dashboard.variables):
        _check_variable(f"variables[{number}]", variable)
    names = [variable.name for variable in dashboard.variables]
    for number, panel in enumerate(dashboard.panels):
        _check_panel(f"panels[{number}]", panel, frozenset(names))
    if len(set(names)) < len(names):
        raise _refused("variables", "two variables have one name")


def references(expr: str) -> Iterator[str]:
    """The names of the variables that an expression uses."""
    for found in _REFERENCE.finditer(expr):
        yield found[1] or found[2]


def _check_range(text: str) -> None:
    try:
        length = parse_duration(text)
    except BadData as error:
        raise _refused("range", error.message) from None
    if length <= 0:
        raise _refused("range", f"{text} is no stretch of time")


def _check_variable(where: str, variable: Variable) -> None:
    if not _VARIABLE.fullmatch(variable.name) or variable.name in _INTERVALS:
        raise _refused(f"{where}.name", f"{variable.name!r} is not a letter or _, followed by letters, digits and _")
    if not variable.metric or not variable.label:
        raise _refused(where, "a variable needs the metric and the label whose values it offers")


def _check_panel(where: str, panel: Panel, variables: frozenset[str]) -> None:
    if not panel.title.strip():
        raise _refused(f"{where}.title", "a panel needs a title")
    if not 1 <= panel.width <= COLUMNS:
        raise _refused(f"{where}.width", f"{panel.width} is not between 1 and {COLUMNS} columns")
    if not 0 <= panel.height <= 30:  # noqa: PLR2004 - rows, twice a large screen
        raise _refused(f"{where}.height", f"{panel.height} is not between 1 and 30 rows, or 0 for the kind's own")
    if not 1 <= len(panel.queries) <= MAX_QUERIES:
        raise _refused(f"{where}.queries", f"a panel has 1 to {MAX_QUERIES} queries, not {len(panel.queries)}")
    for number, query in enumerate(panel.queries):
        _check_query(f"{where}.queries[{number}].expr", query.expr, variables)


def _check_query(where: str, expr: str, variables: frozenset[str]) -> None:
    for name in references(expr):
        if name not in variables and name not in _INTERVALS:
            known = ", ".join(f"${one}" for one in sorted(variables | _INTERVALS))
            raise _refused(where, f"there is no variable ${name}; there are {known}")
    try:
        parse(_REFERENCE.sub(lambda found: "5m" if (found[1] or found[2]) in _INTERVALS else "x", expr))
    except SightlineError as error:
        raise _refused(where, error.message) from None


def _refused(where: str, problem: str) -> InvalidParameter:
    return InvalidParameter(f"{where}: {problem}", parameter=where)
