"""Files of history, years old, as other programs write them."""

import json
import zlib
from pathlib import Path
from typing import Final

import numpy as np

STEP: Final = 60_000
"""Milliseconds between two samples of a series."""
SERIES: Final = 100

_LABELS: Final = (
    ("code", "200"),
    ("endpoint", "http"),
    ("handler", "/api/v1/orders/{0}"),
    ("instance", "10.12.3.{0}:8080"),
    ("job", "shop-backend"),
    ("namespace", "production"),
    ("pod", "shop-backend-7c9f8b6d5-x{0:04d}"),
)
_NAME: Final = "http_requests_total"


def samples(series: int, count: int, last: int) -> tuple[list[int], list[str]]:
    """Times, ms, and values as programs print them: a third counts, a third has two decimals, a third all digits of a double."""
    chosen = np.random.default_rng(zlib.crc32(str(series).encode()))
    times = (last - STEP * np.arange(count)[::-1] + chosen.integers(0, 5, count)).tolist()
    if series % 3 == 0:
        return times, list(map(str, chosen.integers(0, 50, count).cumsum().tolist()))
    values = 100 * chosen.random(count)
    return times, list(map(repr, (np.round(values, 2) if series % 3 == 1 else values).tolist()))


def write_dump(file: Path, total: int, last: int) -> int:
    """What `promtool tsdb dump` prints; gives how many samples there are."""
    count = total // SERIES
    with file.open("w", encoding="utf-8") as out:
        for number in range(SERIES):
            labels = ", ".join(f'{name}="{value.format(number)}"' for name, value in (("__name__", _NAME), *_LABELS))
            times, values = samples(number, count, last)
            out.writelines(f"{{{labels}}} {value} {time}\n" for time, value in zip(times, values, strict=True))
    return SERIES * count


def write_lines(file: Path, total: int, last: int, most: int = 10_000) -> int:
    """What VictoriaMetrics exports with `max_rows_per_line`; gives how many samples there are."""
    count = total // SERIES
    with file.open("w", encoding="utf-8") as out:
        for number in range(SERIES):
            metric = json.dumps({name: value.format(number) for name, value in (("__name__", _NAME), *_LABELS)})
            times, values = samples(number, count, last)
            for first in range(0, count, most):
                some = slice(first, first + most)
                told = f'"values":[{",".join(values[some])}],"timestamps":[{",".join(map(str, times[some]))}]'
                out.write(f'{{"metric":{metric},{told}}}\n')
    return SERIES * count
