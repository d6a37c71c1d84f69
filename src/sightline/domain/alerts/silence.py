"""Silences: alerts that satisfy their matchers are not told for a while, once or again and again.

Source: https://prometheus.io/docs/alerting/latest/alertmanager/#silences. Windows that recur are ours.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from sightline.domain.alerts.time_intervals import TimeInterval
from sightline.domain.errors import BadData
from sightline.domain.labels import Matchers, MatchOp
from sightline.domain.timerange import HOUR, MINUTE, SECOND

MAX_MATCHERS: Final = 100
MAX_WINDOWS: Final = 100
MAX_TEXT: Final = 65_536
"""Characters of a silence's matchers, author and comment together."""
KEPT_EXPIRED: Final = 120 * HOUR
"""How long one is shown after it has expired, as in Alertmanager, ms."""


class SilenceState(StrEnum):
    """Whether alerts are silenced: not yet, or not at this time of the week; now; or never again."""

    PENDING = "pending"
    ACTIVE = "active"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Silence:
    """Alerts that satisfy all matchers are silenced from `starts_at` on until before `ends_at`. All times are wall time in ms.

    id: a UUID, empty while it has none. recurrence: where there are any, only while one of these intervals is active.
    ends_at: None where it recurs without an end. updated_at: 0 while it is not kept.
    """

    matchers: Matchers
    starts_at: int
    ends_at: int | None
    created_by: str
    comment: str
    recurrence: tuple[TimeInterval, ...] = ()
    id: str = ""
    updated_at: int = 0

    def state(self, now: int) -> SilenceState:
        """What it is at an instant; one that recurs is pending between its windows."""
        if self.has_expired(now):
            return SilenceState.EXPIRED
        if not self.has_begun(now) or (self.recurrence and not any(one.active_at(now) for one in self.recurrence)):
            return SilenceState.PENDING
        return SilenceState.ACTIVE

    def has_begun(self, now: int) -> bool:
        """Whether its start is over, its first window or not."""
        return self.starts_at <= now

    def has_expired(self, now: int) -> bool:
        """Whether it silences nothing any more."""
        return self.ends_at is not None and self.ends_at <= now

    def next_change(self, now: int) -> int | None:
        """The instant, ms, before which its state stays as it is now; None when it stays so for ever."""
        if self.has_expired(now):
            return None
        if not self.has_begun(now):
            return self.starts_at
        # Windows begin and end with a minute.
        minute = (now // MINUTE + 1) * MINUTE if self.recurrence else None
        return min((one for one in (self.ends_at, minute) if one is not None), default=None)

    def expired(self, now: int) -> "Silence":
        """This one, ended now; one that had not begun never will have."""
        starts_at = self.starts_at if self.has_begun(now) else now
        return replace(self, starts_at=starts_at, ends_at=now, updated_at=now)

    def can_become(self, after: "Silence", now: int) -> bool:
        """Whether an edit leaves it the same silence; otherwise it is ended, and what it was to become is a new one.

        As in Alertmanager: matchers stay, and so does a start that is over, to the second; one that expired is not edited.
        """
        if self.matchers != after.matchers or self.has_expired(now):
            return False
        if self.has_begun(now):
            return self.starts_at // SECOND == after.starts_at // SECOND and not after.has_expired(now)
        return after.starts_at >= now


def check_silence(silence: Silence, now: int) -> None:
    """Refuse a silence that cannot be made or edited so.

    Raises:
        BadData: it would silence everything or nothing, or is too large; in Alertmanager's words where it has some.
    """
    ends_at = silence.ends_at
    if ends_at is None and not silence.recurrence:
        raise BadData("Failed to create silence: only one that recurs may be without an end: give endsAt or recurrence")
    if ends_at is not None and silence.starts_at >= ends_at:
        raise BadData("Failed to create silence: start time must be before end time")
    if silence.has_expired(now):
        raise BadData("Failed to create silence: end time can't be in the past")
    for number, matcher in enumerate(silence.matchers):
        if not matcher.name:
            raise BadData(f'silence invalid: invalid label matcher {number}: invalid label name ""')
    # As in Alertmanager one that excludes something is enough: `alertname!="Watchdog"` silences all others.
    if all(one.matches_empty and one.op in {MatchOp.EQUAL, MatchOp.MATCHES} for one in silence.matchers):
        raise BadData("silence invalid: at least one matcher must not match the empty string")
    _check_size(silence)


def _check_size(silence: Silence) -> None:
    if len(silence.matchers) > MAX_MATCHERS:
        raise BadData(f"silence invalid: it has {len(silence.matchers)} matchers, and may have {MAX_MATCHERS}")
    if len(silence.recurrence) > MAX_WINDOWS:
        raise BadData(
            f"silence invalid: recurrence has {len(silence.recurrence)} intervals, and may have {MAX_WINDOWS}"
        )
    size = len(silence.created_by) + len(silence.comment)
    size += sum(len(one.name) + len(one.value) for one in silence.matchers)
    if size > MAX_TEXT:
        raise BadData(f"silence invalid: its texts have {size} characters, and may have {MAX_TEXT} together")
