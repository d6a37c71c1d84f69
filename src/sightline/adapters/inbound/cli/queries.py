"""`query` and `query-range`: PromQL at one instant or over a time."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Final

from cyclopts import Parameter

from sightline.adapters.inbound.cli import printing
from sightline.adapters.inbound.cli.asking import ASKING, Asking, data, post_form
from sightline.adapters.inbound.cli.chart import sparkline
from sightline.adapters.inbound.cli.printing import Column
from sightline.adapters.inbound.cli.program import Ended, Exit, app

Expression = Annotated[
    str, Parameter(help="PromQL, such as 'rate(node_cpu_seconds_total[5m])'.", allow_leading_hyphen=True)
]

_SAMPLES: Final = (Column("Series", folds=True), Column("Value", right=True), Column("Time"))
_SUMMARY: Final = (
    Column("Series", folds=True),
    Column("Min", right=True),
    Column("Average", right=True),
    Column("Max", right=True),
    Column("Last", right=True),
)
_CHART_WIDTH: Final = 40


@app.command(
    help_epilogue="""Examples:
  sightline query up
  sightline query 'topk(3, node_filesystem_avail_bytes)'
  sightline query 'sum by (mode) (rate(node_cpu_seconds_total[5m]))' --json
  sightline query 'up == 0' --time 2026-11-21T07:00:00Z
"""
)
def query(
    expression: Expression,
    /,
    *,
    time: Annotated[
        str | None,
        Parameter(help="Instant: -1h, seconds since 1970 or RFC 3339 [default: now].", allow_leading_hyphen=True),
    ] = None,
    asking: Asking = ASKING,
) -> int:
    """Evaluate a PromQL expression at one instant.

    On a terminal the answer is a table; in a pipe, a line a sample: series, value and time, separated by tabs.
    """
    at = None if time is None else instant_text("--time", time)
    answer = post_form(asking, "/api/v1/query", {"query": expression, "time": at})
    found = data(asking, answer)
    if asking.as_json:
        printing.show_body(answer.body)
    else:
        printing.show(_SAMPLES, _rows(found))
    return Exit.DONE


@app.command(
    help_epilogue="""Examples:
  sightline query-range 'rate(node_network_receive_bytes_total[5m])' --start -6h
  sightline query-range node_load1 --start -1h --chart
  sightline query-range up --start -7d --end -6d --step 1h --json
"""
)
def query_range(
    expression: Expression,
    /,
    *,
    start: Annotated[
        str, Parameter(help="Begin: -1h, seconds since 1970 or RFC 3339.", allow_leading_hyphen=True)
    ] = "-1h",
    end: Annotated[str, Parameter(help="End, written likewise.", allow_leading_hyphen=True)] = "now",
    step: Annotated[str | None, Parameter(help="Time between two points, as 30s [default: what suits].")] = None,
    chart: Annotated[bool, Parameter(help="Draw each series as a line of blocks.")] = False,
    asking: Asking = ASKING,
) -> int:
    """Evaluate a PromQL expression over a time.

    On a terminal each series is summed up in a row; in a pipe, a line a sample: series, value and time, separated by tabs.
    """
    fields = _range(expression, start, end, step)
    answer = post_form(asking, "/api/v1/query_range", fields)
    found = data(asking, answer)
    if asking.as_json:
        printing.show_body(answer.body)
    elif chart or printing.on_terminal():
        columns = (*_SUMMARY, Column("Trend")) if chart else _SUMMARY
        printing.show(columns, _summary(found["result"], fields, chart=chart))
    else:
        printing.show(_SAMPLES, _rows(found))
    return Exit.DONE


def _range(expression: str, start: str, end: str, step: str | None) -> dict[str, str]:
    from sightline.adapters.inbound.cli import times

    now = _now()
    first, last = times.instant("--start", start, now), times.instant("--end", end, now)
    if last < first:
        raise Ended(Exit.USAGE, f"--end {end} lies before --start {start}")
    seconds = times.suitable_step(last - first) if step is None else times.duration("--step", step)
    if seconds <= 0:
        raise Ended(Exit.USAGE, f"--step {step} must be longer than nothing")
    return {"query": expression, "start": _seconds(first), "end": _seconds(last), "step": f"{seconds:g}"}


def instant_text(flag: str, text: str) -> str:
    """An instant in seconds, as the API takes it; errors as `times.instant`."""
    from sightline.adapters.inbound.cli import times

    return _seconds(times.instant(flag, text, _now()))


def _seconds(instant: float) -> str:
    return f"{instant:.3f}".rstrip("0").rstrip(".")


def _now() -> float:
    import time

    return time.time()


def _rows(found: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Series, value and time of every sample of an answer."""
    kind, result = found["resultType"], found["result"]
    if kind in {"scalar", "string"}:
        yield kind, result[1], printing.time_text(result[0])
        return
    for one in result:
        for time, value in _samples(one, kind):
            yield series_text(one["metric"]), value, printing.time_text(time)


def _samples(one: Mapping[str, Any], kind: str) -> list[tuple[float, str]]:
    """The samples of a series in order of time, a native histogram as text."""
    many = kind == "matrix"
    floats = one.get("values", []) if many else [one["value"]] if "value" in one else []
    natives = one.get("histograms", []) if many else [one["histogram"]] if "histogram" in one else []
    return sorted([*map(tuple, floats), *((time, histogram_text(found)) for time, found in natives)])


def histogram_text(found: Mapping[str, Any]) -> str:
    """A native histogram in a line, as PromQL writes it: `{count:5, sum:18.4, (0.5,1]:4}`."""
    brackets = ("(]", "[)", "()", "[]")
    buckets = [
        f"{brackets[rule][0]}{lower},{upper}{brackets[rule][1]}:{count}"
        for rule, lower, upper, count in found.get("buckets", [])
    ]
    return "{" + ", ".join([f"count:{found['count']}", f"sum:{found['sum']}", *buckets]) + "}"


def _summary(result: Sequence[Mapping[str, Any]], asked: Mapping[str, str], *, chart: bool) -> Iterator[Sequence[str]]:
    """A row a series; figures to six digits, for it is an overview."""
    for one in result:
        # Of native histograms their counts, for an overview has room for a number each.
        points = [*one.get("values", []), *((time, found["count"]) for time, found in one.get("histograms", []))]
        points.sort(key=lambda point: point[0])
        values = [float(value) for _, value in points]
        numbers = [value for value in values if value == value]  # noqa: PLR0124 - all but NaN
        figures = (min(numbers), sum(numbers) / len(numbers), max(numbers)) if numbers else (float("nan"),) * 3
        row = [series_text(one["metric"]), *(f"{figure:.6g}" for figure in (*figures, values[-1]))]
        if chart:
            within = float(asked["start"]), float(asked["end"])
            row.append(sparkline([time for time, _ in points], values, within, _CHART_WIDTH))
        yield row


def series_text(metric: Mapping[str, str]) -> str:
    """A label set as PromQL writes it."""
    from sightline.domain.labels import Labels

    return str(Labels.of(metric))
