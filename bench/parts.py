"""What the tables of samples take on the disk, for each program that has such."""

from collections.abc import Iterable, Iterator
from typing import Final

from bench.programs import SIGHTLINE, VICTORIA_METRICS
from bench.server import Server, disk_bytes

_TABLES: Final = {SIGHTLINE.name: ("clickhouse", "data", "default", "chunks"), VICTORIA_METRICS.name: ("data",)}
"""Below the data folder; Prometheus keeps its newest hours as a log, which is no table."""


def table_bytes(server: Server) -> int | None:
    """What the samples take without the log and without the labels' index; None for a program that has no such tables.

    ClickHouse keeps parts that have been merged into others for eight minutes: those are not counted.
    """
    if server.program.name not in _TABLES:
        return None
    folder = server.folder.joinpath("data", *_TABLES[server.program.name]).resolve()
    if server.program is not SIGHTLINE:
        return disk_bytes(folder)
    parts = {part.name: part for part in folder.iterdir() if part.is_dir()}
    return sum(disk_bytes(parts[name]) for name in current(parts))


def current(names: Iterable[str]) -> Iterator[str]:
    """The parts that no other one covers: partition_first_last_level, or with _mutation behind; other folders are none."""
    spans = {name: span for name in names if (span := _span(name)) is not None}
    for name, (partition, first, last, level) in spans.items():
        covered = any(
            other != name and one == partition and low <= first and last <= high and level <= its
            for other, (one, low, high, its) in spans.items()
        )
        if not covered:
            yield name


def _span(name: str) -> tuple[str, int, int, tuple[int, int]] | None:
    partition, *numbers = name.split("_")
    if len(numbers) not in {3, 4} or not all(number.isdigit() for number in numbers):
        return None
    first, last, level, *mutation = map(int, numbers)
    return partition, first, last, (level, mutation[0] if mutation else 0)
