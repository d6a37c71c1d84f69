"""What is wrong with rules that parse and still watch nothing, or say nothing: findings with a reason, and the words for them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from sightline.domain.alerts.firing import Fired
from sightline.domain.labels import METRIC_NAME, Labels, Matcher, Matchers, MatchOp
from sightline.domain.nearest import nearest
from sightline.domain.promql.places import Place
from sightline.domain.timerange import DAY, HOUR, SECOND, TimeRange, format_duration

ALWAYS: Final = 0.95
"""A rule of which alerts fire in more than this part of the time always fires."""
FLAPS: Final = 10
"""An alert that ends more often than that within a day flaps."""
QUIET: Final = HOUR
"""How long a series may have been without samples, ms, and still be taken for present."""
LEAST_HISTORY: Final = DAY
"""A rule has not fired always before there are samples for so long, ms, or for the whole window where that is shorter."""
_BEGIN: Final = 20  # samples that begin within such a part of the window are there for all of it
_MOST_WANTED: Final = 5  # alternatives of a regex of which the nearest are looked for


class Reason(StrEnum):
    """What is found of a rule."""

    SELECTOR_MATCHES_NOTHING = "selector_matches_nothing"
    """A selector matches no series: the name of a metric, or a value of a label, is not there."""
    LABEL_NEVER_PRESENT = "label_never_present"
    """A matcher is about a label that no series of the metric has."""
    NEVER_FIRED = "never_fired"
    """No alert fired in the whole window."""
    ALWAYS_FIRED = "always_fired"
    """Alerts fired nearly all the time: nobody looks at them any more, or nobody is told anything new."""
    FLAPS = "flaps"
    """An alert ends again and again."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A selector that matches nothing, or a matcher in it that can never matter.

    selector: as PromQL. matches: whether the selector matches series all the same. metric_exists: whether there are series of that
    name; None where none is given. matcher: what excludes everything, empty where only several matchers together do. nearest:
    names or values that are there. last_seen: when the selector's last sample came, ms; None where none is kept.
    """

    reason: Reason
    selector: str
    place: Place
    matches: bool
    metric_exists: bool | None
    matcher: str = ""
    nearest: tuple[str, ...] = ()
    last_seen: int | None = None

    @property
    def message(self) -> str:
        """What is wrong, in a sentence."""
        if self.matches:
            said = f"{self.matcher} in {self.selector} excludes nothing, for no series of it has that label"
        else:
            said = f"{self.selector} matches no series: {self._why()}"
        if self.nearest:
            said += f"; nearest: {', '.join(self.nearest)}"
        if self.last_seen is not None:
            said += f"; its last sample came at {_instant(self.last_seen)}"
        return said

    def _why(self) -> str:
        if self.metric_exists is False:
            return "there is no such metric now"
        if self.reason is Reason.LABEL_NEVER_PRESENT:
            return f"no series of it has the label in {self.matcher}"
        return f"{self.matcher} excludes all there are" if self.matcher else "none has all of these labels together"


@dataclass(frozen=True, slots=True)
class Habit:
    """What a rule's alerts did over a time.

    share: in which part of it any was firing, 0 to 1. ends: of FLAPS, how often the alert with these labels ended within a day.
    """

    reason: Reason
    within: TimeRange
    share: float
    ends: int = 0
    labels: Labels = field(default_factory=Labels)

    @property
    def message(self) -> str:
        """What they did, in a sentence."""
        length = format_duration((self.within.end - self.within.start) // SECOND * SECOND)
        match self.reason:
            case Reason.NEVER_FIRED:
                return f"no alert of it fired in {length}"
            case Reason.FLAPS:
                alert = f"its alert {self.labels}" if self.labels else "its alert"
                return f"{alert} ended {self.ends} times within a day"
            case _:
                return f"alerts of it fired {100 * self.share:.0f} % of {length}"


Finding = Suspect | Habit


def habits(fired: Fired, window: TimeRange, since: int) -> list[Habit]:
    """What is found of the firing of a rule's alerts. since: from when on there are samples at all, ms.

    Nothing never fired before there are samples for the whole window.
    """
    there = TimeRange(max(window.start, since), window.end)
    share, length, found = fired.share(there), window.end - window.start, list[Habit]()
    if not fired and since <= window.start + length // _BEGIN:
        found.append(Habit(Reason.NEVER_FIRED, window, 0.0))
    if share > ALWAYS and there.end - there.start >= min(LEAST_HISTORY, length - length // _BEGIN):
        found.append(Habit(Reason.ALWAYS_FIRED, there, share))
    if fired.busiest is not None and fired.busiest.ends > FLAPS:
        found.append(Habit(Reason.FLAPS, there, share, fired.busiest.ends, fired.busiest.labels))
    return found


def of_metric(matchers: Matchers) -> Matchers:
    """The conditions on the metric's name."""
    return tuple(one for one in matchers if one.name == METRIC_NAME)


def wanted(matcher: Matcher) -> Sequence[str]:
    """The values that a matcher asks for, as far as it names them: one, or the alternatives of a regex that says nothing else."""
    if matcher.op is MatchOp.EQUAL:
        return (matcher.value,) if matcher.value else ()
    parts = matcher.value.split("|") if matcher.op is MatchOp.MATCHES else ()
    return parts if all(part.replace("_", "").replace("-", "").replace(":", "").isalnum() for part in parts) else ()


def near(matcher: Matcher, there: Sequence[str]) -> tuple[str, ...]:
    """Which of the values that are there somebody may have meant by a matcher."""
    return tuple(dict.fromkeys(one for value in wanted(matcher)[:_MOST_WANTED] for one in nearest(value, there)))


def _instant(milliseconds: int) -> str:
    text = datetime.fromtimestamp(milliseconds // SECOND, UTC).isoformat(timespec="seconds")
    return text.replace("+00:00", "Z")
