"""A series as one line of text."""

from collections.abc import Sequence
from math import isfinite
from typing import Final

BLOCKS: Final = "▁▂▃▄▅▆▇█"
GAP: Final = " "


def sparkline(times: Sequence[float], values: Sequence[float], within: tuple[float, float], width: int) -> str:
    """`width` columns over the time `within` (begin, end), each as high as the mean of its values; no value, no block.

    The lowest block stands for the least mean and the highest for the greatest; a series that does not move stays low.
    """
    start, end = within
    scale = width / (end - start) if end > start else 0.0
    columns: list[list[float]] = [[] for _ in range(width)]
    for time, value in zip(times, values, strict=True):
        if isfinite(value):
            columns[min(width - 1, max(0, int((time - start) * scale)))].append(value)
    means = [sum(column) / len(column) if column else None for column in columns]
    known = [mean for mean in means if mean is not None]
    if not known:
        return GAP * width
    low, spread = min(known), max(known) - min(known)
    return "".join(GAP if mean is None else _block(mean - low, spread) for mean in means)


def _block(height: float, spread: float) -> str:
    if not spread or not isfinite(spread):
        return BLOCKS[0]
    return BLOCKS[min(len(BLOCKS) - 1, int(height / spread * len(BLOCKS)))]
