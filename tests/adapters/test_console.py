import contextlib
import io
import os
import pty
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, timedelta, timezone
from typing import TextIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.notifications import alone

from sightline.adapters.outbound.notifiers.console import ConsoleNotifier
from sightline.domain.alerts.notice import Alert, AlertState, Notice, Reason
from sightline.domain.alerts.notification import Notification
from sightline.domain.errors import Unavailable
from sightline.domain.labels import Labels
from sightline.domain.tenancy import DEFAULT_TENANT, Tenant

pytestmark = pytest.mark.anyio

NOON = 1_790_000_000_000 // 86_400_000 * 86_400_000 + 43_200_000
LABELS = {"alertname": "HighCpuUsage", "severity": "critical", "instance": "web-1", "job": "node"}


def notice(
    labels: dict[str, str] | None = None,
    summary: str = "CPU 93.4 %",
    state: AlertState = AlertState.FIRING,
    reason: Reason = Reason.CONDITION_HELD,
    tenant: Tenant = DEFAULT_TENANT,
) -> Notification:
    """A notice about an alert that began at 12:03:15 UTC, told 5 min 12 s later."""
    found = Labels.of(LABELS if labels is None else labels)
    since = NOON + 195_000
    alert = Alert(
        tenant, found.get("alertname"), found, Labels.of(summary=summary), state, 93.4375, since, since, reason
    )
    return alone(Notice(alert, AlertState.PENDING, since + 312_345), "console")


async def printed(told: Notification, zone: timezone = UTC, *, colour: bool | None = None) -> str:
    """What the console shows."""
    stream = io.StringIO()
    await ConsoleNotifier(stream, zone=zone, colour=colour).notify(told)
    return stream.getvalue()


async def test_a_firing_is_one_readable_line() -> None:
    """Severity by shape and word, rule, instance, what the rule says, and since when."""
    assert await printed(notice()) == "▲ CRITICAL HighCpuUsage web-1: CPU 93.4 % (since 12:03:15)\n"


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (Reason.CONDITION_FALSE, "back to normal"),
        (Reason.NO_DATA, "no data any more"),
        (Reason.RULE_REMOVED, "the rule was removed"),
    ],
)
async def test_a_resolve_says_why_and_after_how_long(reason: Reason, text: str) -> None:
    """A resolve has a shape of its own and does not call missing data well."""
    line = await printed(notice(state=AlertState.RESOLVED, reason=reason))
    assert line == f"✔ RESOLVED HighCpuUsage web-1: {text} after 5m12s\n"


@pytest.mark.parametrize(
    ("severity", "head"),
    [("critical", "▲ CRITICAL"), ("warning", "◆ WARNING"), ("info", "● INFO"), ("page", "● PAGE"), ("", "● ALERT")],
)
async def test_severities_differ_in_shape_and_word(severity: str, head: str) -> None:
    """Each severity can be told without colour, and an unknown one is shown as it is."""
    assert (await printed(notice({**LABELS, "severity": severity}))).startswith(f"{head} HighCpuUsage")


async def test_further_labels_and_other_tenants_are_named() -> None:
    """What tells an alert from its like is shown; the default tenant goes without saying."""
    line = await printed(notice({**LABELS, "device": "sda"}, tenant=Tenant("acme")))
    assert line == '▲ CRITICAL HighCpuUsage web-1 {device="sda"} [acme]: CPU 93.4 % (since 12:03:15)\n'


async def test_an_alert_without_instance_or_summary_is_still_readable() -> None:
    """Without an instance nothing stands in its place, and without a summary the value is told."""
    assert await printed(notice({"alertname": "Hot", "severity": "info"}, summary="")) == (
        "● INFO Hot: value 93.4375 (since 12:03:15)\n"
    )


async def test_times_are_in_the_zone_with_the_date_of_another_day() -> None:
    """Times are those of the reader's zone; when the alert began on another day its date is shown."""
    told = notice()
    late = replace(told, at=told.at + 86_400_000)
    zone = timezone(timedelta(hours=-5))
    assert "(since 07:03:15)" in await printed(told, zone)
    assert "(since 2026-" in await printed(late, zone)


async def test_colour_is_for_terminals() -> None:
    """Without a terminal there are no escape sequences unless asked for; with one there are, unless asked not to."""
    assert "\x1b" not in await printed(notice())
    assert (await printed(notice(), colour=True)).startswith("\x1b[1;31m▲ CRITICAL\x1b[0m ")
    leader, follower = pty.openpty()
    with open(follower, "w", encoding="utf-8") as terminal:  # noqa: ASYNC230, PTH123 - a descriptor, no file
        await ConsoleNotifier(terminal).notify(notice())
        assert b"\x1b[1;31m" in os.read(leader, 1_000)
        await ConsoleNotifier(terminal, colour=False).notify(notice())
        assert b"\x1b" not in os.read(leader, 1_000)
    os.close(leader)


@given(st.dictionaries(st.sampled_from(["alertname", "severity", "instance", "device"]), st.text()), st.text())
async def test_nothing_from_outside_reaches_the_terminal_as_a_command(labels: dict[str, str], summary: str) -> None:
    """Whatever labels and texts hold, the output is one line of printable characters, and not too long a one."""
    told = notice({"alertname": "A", **labels}, summary)
    for each in (told, notice({"alertname": "A", **labels}, summary, AlertState.RESOLVED)):
        line = await printed(each)
        assert line.endswith("\n")
        assert line[:-1].isprintable()
        assert len(line) < 20_000


async def test_control_characters_are_shown_as_escapes() -> None:
    """A reader sees that something was there."""
    line = await printed(notice(summary="a\x1b[2Jb\nc\u202ed"))
    assert r"a\x1b[2Jb\nc\u202ed" in line


@pytest.fixture
def pipe() -> Iterator[tuple[int, TextIO]]:
    """The reading end of a pipe, and a stream into it."""
    reader, writer = os.pipe()
    with os.fdopen(writer, "w", encoding="utf-8") as stream:
        yield reader, stream
        os.closerange(reader, reader + 1)


async def test_a_line_is_there_when_notify_returns(pipe: tuple[int, TextIO]) -> None:
    """Nothing is left in a buffer, and what was printed before comes first."""
    reader, stream = pipe
    stream.write("before\n")
    await ConsoleNotifier(stream, zone=UTC).notify(notice())
    assert os.read(reader, 1_000).decode() == ("before\n▲ CRITICAL HighCpuUsage web-1: CPU 93.4 % (since 12:03:15)\n")


async def test_a_dead_pipe_is_unavailable(pipe: tuple[int, TextIO]) -> None:
    """When the reader is gone the channel says so, again and again, and leaves nothing behind that would fail later."""
    reader, stream = pipe
    notifier = ConsoleNotifier(stream)
    os.close(reader)
    for _ in range(2):
        with pytest.raises(Unavailable, match="console"):
            await notifier.notify(notice())


async def test_a_reader_that_stopped_reading_does_not_stop_us(pipe: tuple[int, TextIO]) -> None:
    """When the pipe is full the channel is unavailable at once, and takes notices again once somebody reads."""
    reader, stream = pipe
    os.set_blocking(stream.fileno(), False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(stream.fileno(), b"x" * 4_096)
    os.set_blocking(stream.fileno(), True)
    notifier = ConsoleNotifier(stream)
    with pytest.raises(Unavailable, match="console"):
        await notifier.notify(notice())
    os.read(reader, 1 << 20)
    await notifier.notify(notice())
    assert os.read(reader, 1_000).decode().count("\n") == 1


async def test_a_long_line_goes_into_a_pipe_undivided(pipe: tuple[int, TextIO]) -> None:
    """However much there is to say, a line is no longer than a pipe takes at once."""
    reader, stream = pipe
    for length in range(250, 260):  # so that the cut falls into characters as well as between them
        labels = {**LABELS, "alertname": "A" * length, "instance": "\U000e0001" * 5_000, "device": "ü" * 5_000}
        await ConsoleNotifier(stream).notify(notice(labels, summary="€" * 5_000))
        data = os.read(reader, 1 << 20)
        assert 4_000 < len(data) <= 4_096
        assert data.decode().endswith("€\n")


async def test_a_closed_stream_is_unavailable() -> None:
    """A stream that was closed is a channel that is away, not a defect."""
    stream = io.StringIO()
    notifier = ConsoleNotifier(stream)
    stream.close()
    with pytest.raises(Unavailable):
        await notifier.notify(notice())


async def test_a_stream_that_cannot_show_a_shape_shows_something() -> None:
    """On a terminal without Unicode the line comes with escapes instead of an error."""
    reader, writer = os.pipe()
    with os.fdopen(writer, "w", encoding="ascii") as stream:
        await ConsoleNotifier(stream).notify(notice())
    assert rb"\u25b2 CRITICAL" in os.read(reader, 1_000)
    os.close(reader)
