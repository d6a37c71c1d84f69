"""The result as a page to read and as JSON to compute with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
from bench.programs import PROGRAMS, SIGHTLINE
from bench.result import Row, Section

_KEPT: Final = {True: "kept", False: "**not kept**", None: ""}


@dataclass(frozen=True, slots=True)
class Report:
    """One run of the benchmark. loads: the load average before each measurement, by its name."""

    date: str
    plan: str
    machine: Mapping[str, str]
    loads: Mapping[str, float]
    seconds: float
    sections: Sequence[Section]


def markdown(report: Report) -> str:
    """The page."""
    facts = "\n".join(f"| {name} | {fact} |" for name, fact in report.machine.items())
    loads = ", ".join(f"{name} {load:.1f}" for name, load in report.loads.items())
    head = f"""\
# Benchmark of {report.date} ({report.plan})

Made by `make bench`: Sightline beside its peers in one run on one machine, over loopback, each program a process of its own with
an empty folder. Figures are medians where there are several runs. *Ratio* is Sightline's figure divided by the peer's, so where
lower is better a ratio above 1 means that Sightline is worse. Gaps below 1.5 may be noise. The JSON file beside this page has every
run.

| what | |
|---|---|
{facts}
| load average before each | {loads} |
| duration | {report.seconds:.0f} s |
"""
    return head + "".join(f"\n{_section(section)}" for section in report.sections)


def encoded(report: Report) -> bytes:
    """The JSON."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


def _section(section: Section) -> str:
    if section.failure:
        return f"## {section.name}\n\nNot measured: {section.failure}\n"
    peers = [program.name for program in PROGRAMS if program is not SIGHTLINE]
    names = [SIGHTLINE.name, *peers]
    head = ["what", "unit", *names, *(f"ratio to {peer}" for peer in peers), "better", "limit", "runs"]
    lines = [_line(head), "|---|---|" + "---:|" * (len(names) + len(peers)) + "---|---|---:|"]
    lines += [_line(_cells(row, names, peers)) for row in section.rows]
    notes = [f"- {note}" for note in section.notes]
    return "\n".join([f"## {section.name}", "", section.how, "", *lines, *([""] if notes else []), *notes, ""])


def _cells(row: Row, names: Sequence[str], peers: Sequence[str]) -> list[str]:
    limit = "" if row.limit is None else f"{_number(row.limit)}: {_KEPT[row.kept]}"
    better = "" if row.better == "neither" else row.better
    runs = max((len(values) for values in row.values.values()), default=0)
    figures = [_figure(row, name) for name in names]
    return [row.name, row.unit, *figures, *(_ratio(row, peer) for peer in peers), better, limit, str(runs)]


def _figure(row: Row, name: str) -> str:
    program = next(one for one in PROGRAMS if one.name == name)
    figure = row.figure(name)
    if figure is None:
        return "" if program.installed else "absent"
    return _number(figure)


def _ratio(row: Row, peer: str) -> str:
    ours, theirs = row.figure(SIGHTLINE.name), row.figure(peer)
    return "" if not ours or not theirs or row.better == "neither" else f"{ours / theirs:.2f}"


def _number(value: float) -> str:
    """Three digits that count."""
    if value == int(value) or abs(value) >= 100:  # noqa: PLR2004 - from here on no decimals
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
