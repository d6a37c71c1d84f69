"""What the columns of a CSV file are, as somebody says or as its heading and first rows look."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sightline.adapters.wire.exposition_numbers import number
from sightline.domain.errors import BadData
from sightline.domain.labels import METRIC_NAME

ISO: Final = "iso"
DELIMITERS: Final = ",;\t|"

_TIMES: Final = frozenset({"time", "timestamp", "ts", "date", "datetime", "date_time", "_time", "unixtime"})
_VALUES: Final = frozenset({"value", "val", "_value"})
_METRICS: Final = frozenset({METRIC_NAME, "metric", "metric_name"})
_NOT_IN_NAMES: Final = re.compile(r"[^a-zA-Z0-9_:]")


@dataclass(frozen=True, slots=True)
class Layout:
    """What the columns of a table are, by their headings.

    time_format: `s`, `ms`, `us` or `ns`, ISO, or a pattern of strptime. metric: of all values, or what goes before the names of
    several columns. zone: of times that do not say theirs.
    """

    columns: tuple[str, ...]
    delimiter: str
    time: str
    time_format: str
    values: tuple[str, ...]
    labels: tuple[str, ...]
    metric_column: str = ""
    metric: str = ""
    zone: str = "UTC"

    def metric_of(self, value: str) -> str:
        """The name of the metric whose values stand in a column; empty where a column says it."""
        if self.metric_column:
            return ""
        if self.metric and len(self.values) == 1:
            return self.metric
        name = _NOT_IN_NAMES.sub("_", f"{self.metric}_{value}" if self.metric else value)
        return f"_{name}" if name[:1].isdigit() else name


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was said of a table; what is empty is to be seen."""

    columns: tuple[str, ...] = ()
    delimiter: str = ""
    time: str = ""
    time_format: str = ""
    values: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    metric_column: str = ""
    metric: str = ""
    zone: str = "UTC"


def layout(head: bytes, wishes: Wishes) -> Layout:
    """What the columns are, as said or by the heading and the first rows.

    Raises:
        BadData: it cannot be told, or a column is named that is not there.
    """
    lines = head.removeprefix(b"\xef\xbb\xbf").decode(errors="replace").splitlines()[:101]
    if not lines:
        raise BadData("the file is empty")
    delimiter = wishes.delimiter or max(DELIMITERS, key=lines[0].count)
    rows = list(csv.reader(lines, delimiter=delimiter))
    columns = wishes.columns or tuple(one.strip() for one in rows.pop(0))
    rows = [row for row in rows if len(row) == len(columns)]
    for name in (wishes.time, wishes.metric_column, *wishes.values, *wishes.labels):
        if name and name not in columns:
            raise BadData(f"there is no column {name!r}: there are {', '.join(columns)}")
    if len(set(columns)) != len(columns):
        raise BadData(f"two columns have one name: {', '.join(columns)}; name all of them with --columns")
    time = wishes.time or next((one for one in columns if one.lower() in _TIMES), "")
    if not time:
        raise BadData(f"which column holds the time? Say --time-column; there are {', '.join(columns)}")
    metric_column = wishes.metric_column or ("" if wishes.metric else _first_of(columns, _METRICS))
    rest = [one for one in columns if one not in {time, metric_column, *wishes.labels}]
    values = wishes.values or tuple(one for one in rest if one.lower() in _VALUES)
    values = values or tuple(one for one in rest if _is_numeric([row[columns.index(one)] for row in rows]))
    if not values:
        raise BadData(f"which columns hold values? Say --value-column; there are {', '.join(columns)}")
    if not wishes.metric and not metric_column and any(one.lower() in _VALUES for one in values):
        raise BadData(f"what is measured in column {values[0]!r}? Say --metric or --metric-column")
    if metric_column and len(values) > 1:
        raise BadData(
            f"column {metric_column!r} names the metric, so only one --value-column can be: {', '.join(values)}"
        )
    return Layout(
        columns,
        delimiter,
        time,
        wishes.time_format or _time_format([row[columns.index(time)] for row in rows]),
        values,
        wishes.labels or tuple(one for one in rest if one not in values),
        metric_column,
        wishes.metric,
        wishes.zone,
    )


def _first_of(columns: Sequence[str], wanted: frozenset[str]) -> str:
    return next((one for one in columns if one.lower() in wanted), "")


def _is_numeric(cells: Sequence[str]) -> bool:
    found = [one for one in cells if one.strip()]
    try:
        for one in found:
            number(one.encode())
    except ValueError:
        return False
    return bool(found)


def _time_format(cells: Sequence[str]) -> str:
    """Seconds, milliseconds and so on by how large a number is, which is right from 1973 to 5138."""
    if not _is_numeric(cells):
        return ISO
    size = max((abs(float(one)) for one in cells if one.strip()), default=0.0)
    return next((unit for unit, bound in (("s", 1e11), ("ms", 1e14), ("us", 1e17)) if size < bound), "ns")
