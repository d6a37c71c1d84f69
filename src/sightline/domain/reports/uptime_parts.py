"""What a report says of checks, as its parts."""

from collections.abc import Iterator
from typing import Final
from zoneinfo import ZoneInfo

from sightline.domain.probes.incident import Incident
from sightline.domain.probes.uptime import FAILING, Uptime, share
from sightline.domain.reports.part import Part, length, moment, more
from sightline.domain.reports.summary import MOST_SHOWN
from sightline.domain.reports.uptime import CheckUptime, UptimeSummary
from sightline.domain.timerange import SECOND

MOST_SLOW: Final = 10
"""Checks that are shown as the slowest."""
_WHY: Final = 120
"""Characters of why an incident began."""


def uptime_parts(summary: UptimeSummary, now: int, zone: ZoneInfo) -> Iterator[Part]:
    """The parts about checks. now: the end of the time that the report is about, ms."""
    yield _uptime(summary)
    if summary.incidents:
        partly = "There were more incidents than are looked at." if summary.is_partial else ""
        follow = f"{summary.following} more followed from these." if summary.following else ""
        yield Part(
            "Incidents, what lasts first",
            ("What", "Why", "Began", ">Lasted"),
            [
                (one.title, one.details[:_WHY], moment(one.started_at, zone), _lasted(one, now))
                for one in summary.incidents[:MOST_SHOWN]
            ],
            " ".join(filter(None, (follow, partly, more(summary.incidents)))),
        )
    if summary.slowest:
        yield Part(
            "Slowest checks",
            ("Check", ">On average", ">95 of 100 within"),
            [
                (one.name, _seconds(one.mean), "" if one.most is None else _seconds(one.most))
                for one in summary.slowest[:MOST_SLOW]
            ],
        )
    if summary.slow_problem:
        yield Part("Slowest checks", note=f"They could not be read: {summary.slow_problem}")
    if summary.endings:
        yield Part(
            "Ends soon",
            ("Check", "What", "When", ">Left"),
            [
                (one.name, one.what, moment(one.at, zone), length(one.at - now) if one.at > now else "ended")
                for one in summary.endings[:MOST_SHOWN]
            ],
            more(summary.endings),
        )


def _uptime(summary: UptimeSummary) -> Part:
    count = f"{summary.checks} check{'' if summary.checks == 1 else 's'}"
    figure = (
        f"{count} together: {_figure(summary.whole)}." if summary.checks > 1 else f"{count}: {_figure(summary.whole)}."
    )
    if not summary.lowest:
        return Part("Uptime", note=f"{figure} None failed.")
    rows = [_row(one) for one in summary.lowest[:MOST_SHOWN]]
    note = f"{figure} {more(summary.lowest)}".strip()
    return Part("Uptime, the lowest first", ("Check", ">Uptime", ">Outages", ">Down"), rows, note)


def _row(one: CheckUptime) -> tuple[str, ...]:
    its = one.uptime
    return one.name, share(its.corrected()), str(its.outages), length(its.length(*FAILING))


def _figure(its: Uptime) -> str:
    """Corrected uptime, with the raw one beside it where that is lower."""
    corrected, raw = share(its.corrected()), share(its.raw)
    return corrected if corrected == raw else f"{corrected} ({raw} raw)"


def _lasted(one: Incident, now: int) -> str:
    return f"{length(now - one.started_at)}, still" if one.ended_at is None else length(one.ended_at - one.started_at)


def _seconds(seconds: float) -> str:
    """Below a second in ms, above it to a hundredth."""
    return f"{seconds * SECOND:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"
