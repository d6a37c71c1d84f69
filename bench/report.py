"""The result as a page to read and as JSON to compute with."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
from bench.plot import Plot
from bench.programs import PROGRAMS, SIGHTLINE
from bench.result import Row, Section, Verdict

_KEPT: Final = {True: "kept", False: "**not kept**", None: "not measured"}
_PEERS: Final = [program.name for program in PROGRAMS if program is not SIGHTLINE]


@dataclass(frozen=True, slots=True)
class Report:
    """One run of the benchmark.

    loads: the load average before each measurement, by its name. withheld: percent of a core that the hypervisor took during each.
    """

    date: str
    plan: str
    machine: Mapping[str, str]
    loads: Mapping[str, float]
    withheld: Mapping[str, float]
    seconds: float
    sections: Sequence[Section]


def markdown(report: Report, stem: str) -> str:
    """The page. stem: the name of its file without the ending, by which it finds its plots."""
    facts = "\n".join(f"| {name} | {fact} |" for name, fact in report.machine.items())
    loads = ", ".join(f"{name} {load:.1f}" for name, load in report.loads.items())
    withheld = ", ".join(f"{name} {share:.0f}" for name, share in report.withheld.items())
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
| taken by the hypervisor during each, % of a core | {withheld} |
| duration | {report.seconds:.0f} s |
"""
    parts = [*_limits(report.sections), *(_section(section, stem) for section in report.sections)]
    return head + "".join(f"\n{part}" for part in parts)


def plots(report: Report, stem: str) -> dict[str, Plot]:
    """What is drawn beside the page, by the name of its file."""
    return {_file(stem, plot): plot for section in report.sections for plot in section.plots}


def encoded(report: Report) -> bytes:
    """The JSON."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


def _limits(sections: Sequence[Section]) -> Iterator[str]:
    """One table of everything that is held against a limit; none where there is nothing to say."""
    lines = [
        _line([section.name, *_judged(row, verdict)])
        for section in sections
        for row in section.rows
        for verdict in row.verdicts()
    ]
    lines += [
        _line([section.name, "all", *[""] * (3 + len(_PEERS)), _KEPT[None]]) for section in sections if section.failure
    ]
    if not lines:
        return
    head = ["measurement", "what", "unit", SIGHTLINE.name, *_PEERS, "wanted", "kept"]
    ruler = "|---|---|---|" + "---:|" * (1 + len(_PEERS)) + "---|---|"
    yield "\n".join(["## Limits", "", _line(head), ruler, *lines, ""])


def _judged(row: Row, verdict: Verdict) -> list[str]:
    bound = "at least" if row.better == "higher" else "at most"
    wanted = f"{bound} {_number(verdict.bound)}" + (f" of {verdict.peer}" if verdict.peer else "")
    figures = [_figure(row, name) for name in (SIGHTLINE.name, *_PEERS)]
    return [row.name, row.unit, *figures, wanted, _KEPT[verdict.kept]]


def _section(section: Section, stem: str) -> str:
    if section.failure:
        return f"## {section.name}\n\nNot measured: {section.failure}\n"
    names = [SIGHTLINE.name, *_PEERS]
    head = ["what", "unit", *names, *(f"ratio to {peer}" for peer in _PEERS), "better", "limit", "runs"]
    lines = [_line(head), "|---|---|" + "---:|" * (len(names) + len(_PEERS)) + "---|---|---:|"]
    lines += [_line(_cells(row, names)) for row in section.rows]
    notes = [f"- {note}" for note in section.notes]
    drawn = [f"![{plot.title}]({_file(stem, plot)})" for plot in section.plots]
    blocks = [[f"## {section.name}"], [section.how], lines, notes, drawn]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _cells(row: Row, names: Sequence[str]) -> list[str]:
    limit = "; ".join(f"{_bound(verdict)}: {_KEPT[verdict.kept]}" for verdict in row.verdicts())
    better = "" if row.better == "neither" else row.better
    runs = max((len(values) for values in row.values.values()), default=0)
    figures = [_figure(row, name) for name in names]
    return [row.name, row.unit, *figures, *(_ratio(row, peer) for peer in _PEERS), better, limit, str(runs)]


def _bound(verdict: Verdict) -> str:
    return f"{_number(verdict.bound)} of {verdict.peer}" if verdict.peer else _number(verdict.bound)


def _file(stem: str, plot: Plot) -> str:
    return f"{stem}-{plot.name}.svg"


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
