"""Scripts that say what PromQL means: samples to load, expressions to evaluate, what they give.

    # a comment
    load 30s                                  samples at 0s, 30s, 60s ...; a later load starts afresh
      requests{job="api"} 0 10 20 _ stale 5   `_` is no sample, `stale` ends the series
      requests{job="db"} 0+10x4               0 10 20 30 40: a start, a step, how many more

    eval instant at 1m: sum(requests)         one value for each series; any order
      {} 20

    eval range from 0s to 1m step 30s: requests
      requests{job="api"} 0 10 20             one value, or `_`, for each instant

    eval instant at 1m: requests + on() requests
      fails with query_vector_matching: many-to-many

    eval instant at 1m: sort(requests)
      in order                                the rows stand as below
      remarks PromQL info: metric ... (1:6)   a warning or info, word by word; `remarks nothing` when there are none
      requests{job="db"} 20

    eval instant at 1m: {"my.metric"}
      {"my.metric","a.b"="c"} 1               a name that needs quotes stands within the braces

    load 1m
      sizes {{schema:1 count:9 sum:20 z_bucket:1 z_bucket_w:0.1 offset:-1 buckets:[2 0 3] n_buckets:[3]}}
      steps {{count:1 sum:1 buckets:[1]}}+{{count:2 sum:3 buckets:[1 1]}}x3
                                              native histograms: what is not said is 0; `custom_values:[1 5]` are the bounds of
                                              schema -53, `counter_reset_hint:gauge` is one of unknown, reset, not_reset, gauge;
                                              buckets begin at `offset`, negative ones at `n_offset`

A number alone is the value of a scalar expression, a line in quotes that of a string. No line means an empty result. Values are
equal to 12 digits.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.oracles.native_histogram import Native, told

from sightline.adapters.wire.series_notation import read_labels, read_values
from sightline.domain.labels import Labels
from sightline.domain.timerange import Grid, parse_duration

Sample = float | Native
Samples = dict[Labels, dict[int, Sample]]

_LOAD = re.compile(r"load (\S+)")
_INSTANT = re.compile(r"eval instant at (-?)(\S+): (.+)")
_RANGE = re.compile(r"eval range from (\S+) to (\S+) step (\S+): (.+)")
_SERIES = re.compile(r'([A-Za-z_:][A-Za-z0-9_:]*)?(\{(?!\{)(?:"(?:[^"\\]|\\.)*"|[^"}])*\})?(?:\s*(.*))?')


@dataclass
class Case:
    """One evaluation: what, where, over which samples, and what comes of it."""

    name: str
    text: str
    grid: Grid
    is_range: bool
    samples: Samples
    lines: list[str] = field(default_factory=list)
    in_order: bool = False
    remarks: list[str] | None = None

    def add(self, line: str) -> None:
        """Read one line of what is expected."""
        if line == "in order":
            self.in_order = True
        elif line.startswith("remarks "):
            remark = line.removeprefix("remarks ")
            self.remarks = [*(self.remarks or ()), *([] if remark == "nothing" else [remark])]
        else:
            self.lines.append(line)


def cases(path: Path) -> Iterator[Case]:
    """The evaluations of a script."""
    samples: Samples = {}
    spacing, current = 0, None
    for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if raw[0] != " ":
            if current is not None:
                yield current
                current = None
            name = f"{path.stem}:{number}"
            if match := _LOAD.fullmatch(line):
                samples, spacing = {}, parse_duration(match[1])
            elif match := _INSTANT.fullmatch(line):
                at = parse_duration(match[2]) * (-1 if match[1] else 1)
                current = Case(name, match[3], Grid.instant(at), is_range=False, samples=samples)
            elif match := _RANGE.fullmatch(line):
                grid = Grid(*(parse_duration(match[part]) for part in (1, 2, 3)))
                current = Case(name, match[4], grid, is_range=True, samples=samples)
            else:
                message = f"{path.name}:{number}: neither load nor eval: {line}"
                raise ValueError(message)
        elif current is not None:
            current.add(line)
        else:
            labels, values = series(line)
            samples[labels] = {n * spacing: value for n, value in enumerate(values) if value is not None}
    if current is not None:
        yield current


def series(line: str) -> tuple[Labels, list[Sample | None]]:
    """The labels and values of a line."""
    match = _SERIES.fullmatch(line)
    if match is None:
        message = f"no series: {line}"
        raise ValueError(message)
    return read_labels((match[1] or "") + (match[2] or "")), numbers(match[3] or "")


def numbers(text: str) -> list[Sample | None]:
    """The values of a line, None where there is none."""
    found = read_values(text)
    samples = told(found.values, found.histograms)
    return [one if there else None for one, there in zip(samples, found.there.tolist(), strict=True)]
