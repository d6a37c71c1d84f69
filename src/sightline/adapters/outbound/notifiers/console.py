"""Alerts as lines on a terminal, or on whatever else this program's output goes to."""

import os
import select
from datetime import UTC, datetime, tzinfo
from typing import Final, TextIO

from typing_extensions import override

from sightline.domain.alerts.notice import Reason
from sightline.domain.alerts.notification import Notification
from sightline.domain.alerts.posted import PostedAlert
from sightline.domain.alerts.rule import ALERT_NAME
from sightline.domain.errors import Unavailable
from sightline.domain.labels import Labels
from sightline.domain.tenancy import DEFAULT_TENANT
from sightline.domain.timerange import SECOND, format_duration
from sightline.ports.notifier import Notifier

# Shape and word tell the severities apart where colour cannot: shape, SGR colour.
_SEVERITIES: Final = {"critical": ("▲", "1;31"), "warning": ("◆", "33"), "info": ("●", "36")}
_OTHER_SEVERITY: Final = ("●", "36")
_RESOLVED: Final = ("✔", "32")
_ENDED: Final = {Reason.NO_DATA: "no data any more", Reason.RULE_REMOVED: "the rule was removed"}
_BACK_TO_NORMAL: Final = "back to normal"
_CLIP: Final = 300
# A pipe that can be written to takes this much at once and undivided (POSIX PIPE_BUF, 4096 on Linux, 512 at least on macOS).
_LINE_BYTES: Final = min(select.PIPE_BUF, 4_096)


class ConsoleNotifier(Notifier):
    """Writes one line an alert to a text stream and flushes it.

    colour: None uses it on a terminal only. zone: of the times shown; None is the machine's own.
    What comes from outside is shown with control characters escaped, so that no label moves the cursor or makes a second line. A
    reader that has gone, or has stopped reading, makes the channel Unavailable; it never makes the program wait.
    """

    def __init__(
        self, stream: TextIO, *, colour: bool | None = None, zone: tzinfo | None = None, name: str = "console"
    ) -> None:
        self._stream = stream
        self._colour = stream.isatty() if colour is None else colour
        self._zone = zone
        self._name = name

    @property
    @override
    def name(self) -> str:
        return self._name

    @override
    async def notify(self, notification: Notification) -> None:
        try:
            for alert in notification.alerts:
                self._write(self._line(alert, notification.at))
        except (OSError, ValueError) as error:  # ValueError: the stream is closed
            raise Unavailable(f"channel {self._name}: nobody reads the output ({error})") from error

    def _line(self, alert: PostedAlert, at: int) -> str:
        """The line, without its end."""
        if alert.ends_at is not None and alert.has_ended(at):
            lasted = format_duration(max(0, alert.ends_at - alert.starts_at) // SECOND * SECOND)
            why = _BACK_TO_NORMAL if alert.reason is None else _ENDED.get(alert.reason, _BACK_TO_NORMAL)
            mark, word, text = _RESOLVED, "RESOLVED", f"{why} after {lasted}"
        else:
            severity = alert.labels.get("severity")
            mark, word = _SEVERITIES.get(severity, _OTHER_SEVERITY), severity.upper() or "ALERT"
            text = f"{_said(alert)} (since {self._time(alert.starts_at, at)})"
        shape, colour = mark
        head = f"{shape} {_shown(word)}"
        if self._colour:
            head = f"\x1b[{colour}m{head}\x1b[0m"
        return f"{head} {_shown(alert.labels.get(ALERT_NAME))}{_subject(alert)}: {text}"

    def _time(self, at: int, now: int) -> str:
        """The time of day, with the date when that is another day's."""
        then, today = (datetime.fromtimestamp(ms / SECOND, UTC).astimezone(self._zone) for ms in (at, now))
        return then.strftime("%H:%M:%S" if then.date() == today.date() else "%Y-%m-%d %H:%M:%S")

    def _write(self, line: str) -> None:
        """Write the line to the stream's descriptor, past the buffer: what a buffer cannot get rid of it says again at exit."""
        self._stream.flush()
        encoding = self._stream.encoding or "utf-8"
        # Cut between characters: what is left of one that was cut in two is ignored.
        text = line.encode(encoding, "backslashreplace")[: _LINE_BYTES - 1].decode(encoding, "ignore") + "\n"
        descriptor = _descriptor(self._stream)
        if descriptor is None:
            self._stream.write(text)
            self._stream.flush()
            return
        waiting = select.poll()
        waiting.register(descriptor, select.POLLOUT)
        if not waiting.poll(0):
            raise BlockingIOError("the reader does not keep up")
        os.write(descriptor, text.encode(encoding))


def _descriptor(stream: TextIO) -> int | None:
    """The stream's file descriptor; None when it lives in memory."""
    try:
        return stream.fileno()
    except OSError:  # io.UnsupportedOperation is one
        return None


def _said(alert: PostedAlert) -> str:
    """What the rule says in one line, or else the value."""
    summary = alert.annotations.get("summary")
    if summary:
        return _shown(summary)
    return "fires" if alert.value is None else f"value {alert.value:.6g}"


def _subject(alert: PostedAlert) -> str:
    """What the alert is about: instance, further labels, and the tenant where it is not the usual one."""
    further = alert.labels.drop(("alertname", "severity", "instance", "job"))
    instance = alert.labels.get("instance")
    tenant = "" if alert.tenant == DEFAULT_TENANT else f"[{alert.tenant}]"
    return "".join(f" {_shown(part)}" for part in (instance, str(Labels(further)) if further else "", tenant) if part)


def _shown(text: str) -> str:
    """The text in one line that a terminal shows and does not obey: escapes for what is not printable."""
    clipped = text if len(text) <= _CLIP else f"{text[: _CLIP - 1]}…"
    if clipped.isprintable():
        return clipped
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in clipped)
