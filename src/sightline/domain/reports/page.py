"""A report as a page in HTML, fit for mail, and as plain text; both say the same.

HTML is of tables, in the colours of the reader's theme, as notices are; every text that comes from elsewhere is escaped.
"""

from collections.abc import Iterable, Iterator
from html import escape
from typing import Final
from zoneinfo import ZoneInfo

from sightline.domain.alerts.mail_style import METAS, STYLE
from sightline.domain.probes.uptime import share
from sightline.domain.reports.part import Part, length, moment, more
from sightline.domain.reports.summary import MOST_SHOWN, AlertTally, Summary
from sightline.domain.reports.uptime_parts import uptime_parts
from sightline.domain.timerange import SECOND

_UTC: Final = ZoneInfo("UTC")
_HEAD: Final = "padding:0 8px 4px 0;color:#5b6470;font-weight:400"
_CELL: Final = "padding:6px 8px 6px 0;border-top:1px solid #e1e5ea;vertical-align:top;overflow-wrap:anywhere"


def subject(summary: Summary) -> str:
    """One line that says the most important."""
    fired, still = summary.fired, summary.still
    said = f"{fired} alert{'' if fired == 1 else 's'} fired" if fired else "no alerts fired"
    parts = [f"Report: {said}", *([f"{still} still firing"] if still else ())]
    if summary.uptime is not None:
        parts.append(f"uptime {share(summary.uptime.whole.corrected())}")
        if summary.uptime.lasting:
            parts.append(f"{summary.uptime.lasting} open incident{'' if summary.uptime.lasting == 1 else 's'}")
    return ", ".join(parts)


def as_text(summary: Summary, zone: ZoneInfo = _UTC) -> str:
    """The report in plain text."""
    lines = [subject(summary), _span(summary, zone), ""]
    for part in _parts(summary, zone):
        lines += [part.title, "-" * len(part.title)]
        heads = [one.removeprefix(">") for one in part.columns]
        widths = [max(map(len, column)) for column in zip(heads, *part.rows, strict=True)] if part.rows else []
        for row in (heads, *part.rows) if part.rows else ():
            cells = (
                text.rjust(width) if head.startswith(">") else text.ljust(width)
                for text, width, head in zip(row, widths, part.columns, strict=True)
            )
            lines.append("  ".join(cells).rstrip())
        if part.note:
            lines.append(part.note)
        lines.append("")
    return "\n".join(lines)


def as_html(summary: Summary, zone: ZoneInfo = _UTC, link: str = "") -> str:
    """The report as a page. link: where people reach this program, empty where nobody said."""
    title = escape(subject(summary))
    background = _background(summary)
    rows = "".join(_section(part) for part in _parts(summary, zone))
    where = (
        f'<a class="link" href="{escape(link.rstrip("/"))}/ui/alerts" style="color:#1f5fbf">All alerts</a> · '
        if link
        else ""
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
{METAS}<title>{title}</title>
{STYLE}</head>
<body class="page" style="margin:0;padding:0;background:#f3f5f7">
<table class="page" role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="background:#f3f5f7">
<tr><td align="center" style="padding:24px 12px">
  <table class="card" role="presentation" width="720" cellpadding="0" cellspacing="0" border="0"
    style="width:100%;max-width:720px;background:#ffffff;font:14px/20px -apple-system,'Segoe UI',Roboto,Arial,sans-serif">
    <tr>
      <td style="padding:18px 20px;color:#ffffff;background:{background}">
        <div style="font-size:13px;letter-spacing:1px">{escape(_span(summary, zone))}</div>
        <div style="font-size:18px;line-height:26px;font-weight:600">{title.removeprefix("Report: ").capitalize()}</div>
      </td>
    </tr>
{rows}    <tr>
      <td class="card name" style="padding:14px 20px;border-top:1px solid #e1e5ea;color:#5b6470;font-size:12px">
        {where}Told by Sightline
      </td>
    </tr>
  </table>
</td></tr>
</table>
</body>
</html>
"""


def _background(summary: Summary) -> str:
    """Red while something is wrong still, amber where something was, green otherwise."""
    its = summary.uptime
    if summary.still or (its is not None and its.lasting):
        return "#b3261e"
    return "#7a5c00" if summary.fired or (its is not None and its.incidents) else "#1e7a46"


def _section(part: Part) -> str:
    table = ""
    if part.rows:
        heads = "".join(
            f'<th class="name" align="{_side(head)}" style="{_HEAD}">{head.removeprefix(">")}</th>'
            for head in part.columns
        )
        table = "".join(
            "<tr>"
            + "".join(
                f'<td class="card text" align="{_side(head)}" style="{_CELL}{_breaks(head)};color:#1c2127">{escape(text)}</td>'
                for head, text in zip(part.columns, row, strict=True)
            )
            + "</tr>"
            for row in part.rows
        )
        table = (
            '<table width="100%" cellpadding="0" cellspacing="0" border="0" style="font-size:13px;line-height:19px">'
            f"<tr>{heads}</tr>{table}</table>"
        )
    note = (
        f'<p class="name" style="margin:8px 0 0;color:#5b6470;font-size:13px">{escape(part.note)}</p>'
        if part.note
        else ""
    )
    return (
        '    <tr><td class="card" style="padding:16px 20px 10px">'
        f'<p class="text" style="margin:0 0 8px;color:#1c2127;font-size:15px;font-weight:600">{escape(part.title)}</p>'
        f"{table}{note}</td></tr>\n"
    )


def _breaks(head: str) -> str:
    """Numbers stay in one line."""
    return ";white-space:nowrap" if head.startswith(">") else ""


def _side(head: str) -> str:
    return "right" if head.startswith(">") else "left"


def _parts(summary: Summary, zone: ZoneInfo) -> Iterator[Part]:
    yield _fired(summary)
    flapping = [one for one in summary.rules if one.flaps]
    if flapping:
        yield Part(
            "Flapping",
            ("Rule", "Severity", ">Ends in a day"),
            [(one.name, one.severity, str(one.busiest)) for one in flapping[:MOST_SHOWN]],
            more(flapping),
        )
    if summary.machines:
        yield Part(
            "Machines and containers",
            ("What", "Where", ">Times", ">Firing"),
            [(one.name, _where(one), str(one.fired), length(one.firing)) for one in summary.machines[:MOST_SHOWN]],
            more(summary.machines),
        )
    if summary.uptime is not None:
        yield from uptime_parts(summary.uptime, summary.within.end, zone)
    yield _told(summary, zone)
    if summary.failing:
        yield Part(
            "Rules that fail now",
            ("Rule", "Since", "Problem"),
            [
                (one.name, "" if one.since is None else moment(one.since, zone), one.problem[:200])
                for one in summary.failing[:MOST_SHOWN]
            ],
            more(summary.failing),
        )
    if summary.slow:
        yield Part(
            "Slowest groups of rules",
            ("Group", "File", ">Took last", ">Interval"),
            [(one.name, one.file, length(round(one.took * SECOND)), length(one.interval)) for one in summary.slow[:5]],
        )


def _fired(summary: Summary) -> Part:
    if not summary.rules:
        return Part("Alerts", note="No alert fired.")
    mean = summary.to_resolve
    said = "" if mean is None else f"An alert took {length(mean)} to end, on average. "
    partial = "There were more alerts than are looked at. " if summary.is_partial else ""
    return Part(
        "Alerts, the noisiest first",
        ("Rule", ">Fired", ">Firing", ">To end", ">Still"),
        [
            (
                f"{one.name}, {one.severity}" if one.severity else one.name,
                str(one.fired),
                length(one.firing),
                "" if one.to_resolve is None else length(one.to_resolve),
                str(one.still or ""),
            )
            for one in summary.rules[:MOST_SHOWN]
        ],
        f"{said}{partial}{more(summary.rules)}".strip(),
    )


def _told(summary: Summary, zone: ZoneInfo) -> Part:
    late = summary.notices_since > summary.within.start
    since = f"Known since {moment(summary.notices_since, zone)} only. " if late else ""
    if not summary.told:
        return Part("Notices", note=f"{since}Nobody was to be told of anything.")
    rows = [(one.receiver, str(one.told), str(one.held), str(one.failed)) for one in summary.told[:MOST_SHOWN]]
    return Part("Notices", ("Receiver", ">Told", ">Held", ">Failed"), rows, f"{since}{more(summary.told)}".strip())


def _where(alert: AlertTally) -> str:
    return _joined(f"{name}={text}" for name, text in alert.labels)


def _joined(texts: Iterable[str]) -> str:
    return ", ".join(texts)[:200]


def _span(summary: Summary, zone: ZoneInfo) -> str:
    return f"{moment(summary.within.start, zone)} to {moment(summary.within.end, zone)}"
