"""What a figure is held against, and how the page says so."""

from typing import Final

import pytest
from bench.plot import Plot
from bench.report import Report, markdown, plots
from bench.result import Better, Row, Section

OURS, THEIRS = "Sightline", "VictoriaMetrics"


def verdicts(row: Row) -> list[bool | None]:
    """Whether each limit is kept."""
    return [verdict.kept for verdict in row.verdicts()]


@pytest.mark.parametrize(
    ("better", "ours", "theirs", "multiple", "kept"),
    [
        ("lower", 1.0, 2.0, 0.5, True),
        ("lower", 1.1, 2.0, 0.5, False),
        ("higher", 2.4, 2.0, 1.2, True),
        ("higher", 2.3, 2.0, 1.2, False),
    ],
)
def test_a_limit_may_be_a_multiple_of_a_peer(
    better: Better, ours: float, theirs: float, multiple: float, *, kept: bool
) -> None:
    """A row is kept when the figure is on the good side of the peer's figure times the multiple, or right there."""
    row = Row("work", "ms", better, {OURS: [ours], THEIRS: [theirs]}, against={THEIRS: multiple})
    assert verdicts(row) == [kept]


def test_medians_are_compared() -> None:
    """One run that stands out decides nothing."""
    row = Row("work", "ms", "lower", {OURS: [1.0, 1.0, 90.0], THEIRS: [2.0, 2.0, 0.1]}, against={THEIRS: 1.0})
    assert verdicts(row) == [True]


def test_every_limit_is_judged_by_itself() -> None:
    """A row may keep to its own limit and not to that of a peer."""
    row = Row("work", "ms", "lower", {OURS: [3.0], THEIRS: [2.0]}, limit=5, against={THEIRS: 1.0, "Prometheus": 1.0})
    assert verdicts(row) == [True, False, None]


def test_without_a_figure_nothing_is_said() -> None:
    """A figure of ours or of the peer that is missing makes a limit neither kept nor broken."""
    assert verdicts(Row("work", "ms", "lower", {OURS: [1.0]}, against={THEIRS: 1.0})) == [None]
    assert verdicts(Row("work", "ms", "lower", {THEIRS: [1.0]}, limit=1, against={THEIRS: 1.0})) == [None, None]


ROWS: Final = [
    Row("work", "ms", "lower", {OURS: [3.0], THEIRS: [2.0]}, limit=5, against={THEIRS: 0.5}),
    Row("rest", "ms", "lower", {OURS: [3.0]}),
]


def page(*sections: Section) -> str:
    """The page of these sections."""
    return markdown(Report("2026-11-21", "quick", {}, {}, {}, 1.0, sections), "stem")


def test_the_page_opens_with_all_limits() -> None:
    """Every limit is a line of one table before the measurements, with what is wanted and whether it is kept."""
    table, _, rest = page(Section("some", "How.", ROWS)).partition("## some")
    lines = [line for line in table.splitlines() if line.startswith("| some")]
    assert [line.split(" | ")[-2:] for line in lines] == [
        ["at most 5", "kept |"],
        [f"at most 0.500 of {THEIRS}", "**not kept** |"],
    ]
    assert "| rest |" in rest


def test_a_measurement_that_failed_is_no_kept_one() -> None:
    """What could not be measured stands in the table of limits too."""
    assert "not measured" in page(Section("some", "", failure="no such thing")).partition("## some")[0]


def test_the_page_shows_its_plots() -> None:
    """A plot is a file beside the page, and the page shows that file."""
    plot = Plot("growth", "CPU", "series", "us", {OURS: [(1.0, 2.0)]})
    section = Section("some", "How.", ROWS, plots=[plot])
    files = plots(Report("2026-11-21", "quick", {}, {}, {}, 1.0, [section]), "stem")
    assert files == {"stem-growth.svg": plot}
    assert "![CPU](stem-growth.svg)" in page(section)
