"""What a report says of alerts, and when it is due."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.domain.alerts.firing import firings
from sightline.domain.errors import BadData
from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import STALE, SeriesColumns
from sightline.domain.probes.incident import Incident, IncidentKind
from sightline.domain.probes.state import CheckState
from sightline.domain.probes.uptime import Uptime
from sightline.domain.reports.page import as_html, as_text, subject
from sightline.domain.reports.schedule import parse_schedule
from sightline.domain.reports.summary import AlertTally, Failing, Slow, Summary, Told, by_rule, tally
from sightline.domain.reports.uptime import CheckLatency, CheckUptime, Ending, UptimeSummary
from sightline.domain.timerange import DAY, HOUR, MINUTE, TimeRange

NOW = 1_763_700_000_000
WITHIN = TimeRange(NOW - DAY, NOW)
GAP = 5 * MINUTE


def tallied(*samples: tuple[int, bool], **labels: str) -> AlertTally | None:
    """An alert with samples at minutes before the end, of which some are markers of its end."""
    times = np.array([NOW - minutes * MINUTE for minutes, _ in samples], np.int64)
    values = np.array([STALE if ends else 1.0 for _, ends in samples], np.float64)
    named = Labels.of(
        {"__name__": "ALERTS", "alertstate": "firing", "alertname": "Disk", "severity": "warning", **labels}
    )
    columns = SeriesColumns.of([(named, times.tolist(), values.tolist())])
    (firing,) = firings(columns, GAP)
    return tally(firing, WITHIN, GAP)


def test_an_alert_is_tallied() -> None:
    """Beginnings and ends within the time count, lengths are cut to it, and one that was there before did not begin."""
    found = tallied(
        (1_442, False), (1_439, True), (60, False), (58, False), (56, True), (2, False), (0, False), host="a"
    )
    assert found is not None
    assert dict(found.labels) == {"host": "a"}
    assert (found.name, found.severity, found.fired, found.resolved) == ("Disk", "warning", 2, 2)
    assert (found.firing, found.longest) == ((1 + 4 + 2) * MINUTE, 4 * MINUTE)
    assert (found.resolving, found.busiest, found.is_firing) == ((3 + 4) * MINUTE, 2, True)


def test_what_stopped_without_an_end_is_not_resolved() -> None:
    """An alert whose samples stop, as the program's did, neither ended nor fires still, unless it was seen a moment ago."""
    found = tallied((60, False), (58, False))
    assert found is not None
    assert (found.fired, found.resolved, found.is_firing) == (1, 0, False)
    found = tallied((7, False), (4, False))
    assert found is not None
    assert found.is_firing


def test_what_fired_outside_the_time_is_left_out() -> None:
    """An alert that fired before the time alone is not part of the report."""
    assert tallied((1_450, False), (1_441, True)) is None


def alert(name: str, severity: str = "warning", **changes: Any) -> AlertTally:
    """One alert's tally."""
    plain = AlertTally(name, severity, Labels.of(host="a"), 1, HOUR, HOUR, 1, 2 * HOUR, 1, is_firing=False)
    return plain._replace(**changes)


def test_rules_are_ordered_by_noise() -> None:
    """Alerts of a name and severity are one row: sums, the longest stretch and the average time to resolve."""
    rules = by_rule(
        [
            alert("Quiet", fired=1),
            alert("Noisy", fired=3, firing=DAY, longest=3 * HOUR, resolved=3, resolving=3 * HOUR, busiest=11),
            alert("Noisy", fired=2, is_firing=True, resolved=0, resolving=0),
            alert("Noisy", "critical", resolved=0, resolving=0),
        ]
    )
    assert [(one.name, one.severity, one.alerts, one.fired) for one in rules] == [
        ("Noisy", "warning", 2, 5),
        ("Noisy", "critical", 1, 1),
        ("Quiet", "warning", 1, 1),
    ]
    noisy = rules[0]
    assert (noisy.firing, noisy.longest, noisy.resolved, noisy.to_resolve) == (DAY + HOUR, 3 * HOUR, 3, HOUR)
    assert (noisy.flaps, noisy.still, rules[1].to_resolve, rules[2].flaps) == (True, 1, None, False)
    assert Summary(WITHIN, rules).to_resolve == round((3 * HOUR + 2 * HOUR) / 4)


FULL = Summary(
    WITHIN,
    by_rule([alert("Disk <b>", fired=2, busiest=12, is_firing=True), alert("Quiet")]),
    [alert("HighCPU")],
    [Told("ops", 4, 2, 1)],
    NOW - HOUR,
    [Slow("shop", "rules.yml", 1.25, MINUTE)],
    [Failing("Broken", "no such <metric>", NOW - HOUR)],
)


def test_both_pages_say_the_same() -> None:
    """Text and HTML have every part that there is something to say about, and what comes from elsewhere is escaped."""
    text, html = as_text(FULL), as_html(FULL, link="https://sightline.example.org/")
    assert subject(FULL) == "Report: 3 alerts fired, 1 still firing"
    for said in ("HighCPU", "host=a", "shop", "rules.yml", "Broken", "Flapping", "Machines and containers", "ops"):
        assert said in text
        assert said in html
    assert "Known since 2025-11-21 03:40 UTC only." in text
    assert "Disk <b>" in text
    assert "Disk &lt;b&gt;" in html
    assert "<b>" not in html
    assert "<metric>" not in html
    assert 'href="https://sightline.example.org/ui/alerts"' in html
    assert "@media (prefers-color-scheme: dark)" in html


def test_a_quiet_time_is_told_in_few_words() -> None:
    """Where nothing happened the report says so, and has no empty tables; of checks, which are not there, it is silent."""
    quiet = Summary(WITHIN, notices_since=WITHIN.start)
    assert as_text(quiet) == (
        "Report: no alerts fired\n2025-11-20 04:40 UTC to 2025-11-21 04:40 UTC\n\n"
        "Alerts\n------\nNo alert fired.\n\nNotices\n-------\nNobody was to be told of anything.\n"
    )
    assert "<th" not in as_html(quiet)
    assert "ptime" not in as_html(quiet)


CHECKED = replace(
    FULL,
    uptime=UptimeSummary(
        12,
        Uptime({CheckState.UP: 11 * DAY, CheckState.DOWN: 5 * MINUTE, CheckState.UNKNOWN: DAY}, outages=2),
        [CheckUptime("shop <i>", Uptime({CheckState.UP: DAY, CheckState.DOWN: 5 * MINUTE}, outages=2))],
        [CheckLatency("shop", 0.0421, 1.25), CheckLatency("api", 0.004)],
        incidents=[
            Incident(
                id=2, check=1, kind=IncidentKind.DOWN, started_at=NOW - HOUR, title="api is down", details="no <u>"
            ),
            Incident(
                id=1,
                check=1,
                kind=IncidentKind.DOWN,
                started_at=NOW - 3 * HOUR,
                ended_at=NOW - 2 * HOUR,
                title="db is down",
            ),
        ],
        following=3,
        endings=[Ending("old", "certificate", NOW - 1), Ending("shop", "registration", NOW + 10 * DAY)],
    ),
)


def test_checks_are_told_in_both_pages() -> None:
    """Uptime and what failed, incidents with what they lasted, what is slow and what ends; and in one line what matters most."""
    text, html = as_text(CHECKED), as_html(CHECKED)
    assert subject(CHECKED) == "Report: 3 alerts fired, 1 still firing, uptime 99.97 %, 1 open incident"
    for said in (
        "12 checks together: 99.97 % (91.64 % raw).",
        "3 more followed from these.",
        "1h, still",
        "42 ms",
        "1.25 s",
        "registration",
        "ended",
        "10d",
    ):
        assert said in text
        assert said in html
    assert "shop <i>  99.65 %        2    5m" in text
    assert "<i>" not in html
    assert "<u>" not in html


def test_checks_that_were_all_well_are_told_in_one_line() -> None:
    """No table, and no word of incidents."""
    calm = replace(FULL, rules=(), uptime=UptimeSummary(1, Uptime({CheckState.UP: DAY})))
    assert subject(calm) == "Report: no alerts fired, uptime 100 %"
    assert "Uptime\n------\n1 check: 100 %. None failed.\n" in as_text(calm)
    assert "Incidents" not in as_text(calm)
    unread = replace(calm, uptime=UptimeSummary(1, Uptime(), slow_problem="too many samples"))
    assert "They could not be read: too many samples" in as_text(unread)
    assert "1 check: no data." in as_text(unread)


@pytest.mark.parametrize(
    ("still", "fired", "lasts", "colour"),
    [(0, 0, None, "#1e7a46"), (0, 0, False, "#7a5c00"), (0, 0, True, "#b3261e"), (0, 1, None, "#7a5c00")],
)
def test_a_page_is_as_red_as_what_it_tells(still: int, fired: int, *, lasts: bool | None, colour: str) -> None:
    """Red while an alert fires or an incident lasts, amber where something was, green otherwise."""
    ended = None if lasts else NOW
    one = Incident(id=1, check=1, kind=IncidentKind.DOWN, started_at=NOW - HOUR, ended_at=ended, title="api is down")
    uptime = UptimeSummary(1, Uptime(), incidents=[] if lasts is None else [one])
    rules = by_rule([alert("Disk", fired=fired, is_firing=bool(still))]) if fired else ()
    assert f"background:{colour}" in as_html(Summary(WITHIN, rules, uptime=uptime))


@pytest.mark.parametrize(
    ("every", "at", "due"),
    [
        ("daily", "04:40", "2025-11-21T04:40"),
        ("daily", "04:41", "2025-11-20T04:41"),
        ("daily", "05:30 Europe/Berlin", "2025-11-21T04:30"),
        ("weekly", "08:00", "2025-11-17T08:00"),
        ("weekly", "Fri 04:00", "2025-11-21T04:00"),
        ("weekly", "Fri 05:00", "2025-11-14T05:00"),
        ("weekly", "Sat 05:00", "2025-11-15T05:00"),
    ],
)
def test_reports_are_due_at_a_time_of_the_day(every: str, at: str, due: str) -> None:
    """The last instant before now, in the zone that is given."""
    found = parse_schedule(every, at).due(NOW)
    assert datetime.fromtimestamp(found / 1_000, UTC).strftime("%Y-%m-%dT%H:%M") == due


@given(
    st.integers(0, 4_000_000_000_000), st.sampled_from(["daily", "weekly"]), st.sampled_from(["UTC", "Europe/Berlin"])
)
def test_a_report_is_due_once_a_period(now: int, every: str, zone: str) -> None:
    """The instant is not ahead, not longer ago than the period and an hour's change of the clock, and at that time of the day."""
    schedule = parse_schedule(every, f"02:30 {zone}")
    due = schedule.due(now)
    assert 0 <= now - due <= schedule.period + HOUR
    assert schedule.due(due) == due
    there = datetime.fromtimestamp(due / 1_000, ZoneInfo(zone))
    assert (there.minute, there.hour in {2, 3}) == (30, True)


@pytest.mark.parametrize(
    ("every", "at", "said"),
    [
        ("daily", "8:00", "write it as 08:00 Europe/Berlin"),
        ("daily", "Mon 08:00", "write it as 08:00 Europe/Berlin"),
        ("weekly", "24:00", "write it as Mon 08:00 Europe/Berlin"),
        ("daily", "08:00 Europe/Nowhere", "'Europe/Nowhere' is no zone"),
        ("daily", "08:00 ../../etc/passwd", "is no time"),
        ("daily", "08:00 /etc/localtime", "is no zone"),
    ],
)
def test_other_times_are_refused(every: str, at: str, said: str) -> None:
    """A time that cannot be is told with how to write it."""
    with pytest.raises(BadData, match=said):
        parse_schedule(every, at)
