"""Maintenance windows: when they are active, and which checks they cover."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, islice, takewhile
from typing import Final

from sightline.domain.errors import InvalidField
from sightline.domain.probes.check import Check
from sightline.domain.probes.cron import Cron
from sightline.domain.probes.recurrence import Recurrence
from sightline.domain.timerange import DAY, MINUTE, TimeRange, format_duration

MAX_DURATION: Final = 31 * DAY
"""Of one time of a window that recurs, ms."""
MIN_DURATION: Final = MINUTE
MAX_STARTS_A_DAY: Final = 24
MAX_SCOPE: Final = 10_000
"""Names, groups and tags that one window may name."""
MAX_NAME: Final = 200
MAX_TEXT: Final = 10_000
"""Characters of a description."""
_MOST_SPANS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Scope:
    """Which checks: all, or those that are named, or in one of the groups, or have one of the tags.

    tags: each `key:value`, or a key alone for any value.
    """

    everything: bool = False
    checks: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    def includes(self, check: Check) -> bool:
        """Whether a check is one of them."""
        said = check.definition
        return (
            self.everything
            or said.name in self.checks
            or said.group in self.groups
            or any(tag in self.tags for tag in _tags(said.tags))
        )


@dataclass(frozen=True, slots=True)
class Once:
    """One stretch, from `starts_at` on until before `ends_at`, ms."""

    starts_at: int
    ends_at: int


@dataclass(frozen=True, slots=True)
class Repeated:
    """A stretch of `duration` ms again and again: each time that a cron expression or a rule says, one begins.

    since: nothing begins before. until: nothing begins at it or after; None for ever. Both ms.
    """

    by: Cron | Recurrence
    duration: int
    since: int = 0
    until: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A time in which checks are not to disturb anybody. Times are ms.

    id: given once; empty while it is not stored. name: unique within a tenant. is_public: whether status pages tell of it.
    version: grows with every change. ended_at: when people ended a stretch before its time.
    """

    name: str
    timing: Once | Repeated
    scope: Scope
    description: str = ""
    enabled: bool = True
    is_public: bool = True
    id: str = ""
    created_at: int = 0
    updated_at: int = 0
    version: int = 0
    ended_at: int | None = None

    def active(self, at: int) -> bool:
        """Whether an instant lies within one of its stretches."""
        return self.standing(at)[0]

    def covers(self, check: Check, at: int) -> bool:
        """Whether a check is in maintenance by it at an instant."""
        return self.scope.includes(check) and self.active(at)

    def next_change(self, after: int) -> int | None:
        """An instant after `after` before which it stays active, or not; None when it stays so for ever."""
        return self.standing(after)[1]

    def standing(self, at: int) -> tuple[bool, int | None]:
        """Whether it is active at an instant, and what `next_change` says; for the price of one."""
        until: int | None = None
        for start, end in self._lasting(at):
            if start > at:
                return (False, start) if until is None else (True, until)
            until = max(end, until or end)
        return until is not None, until

    def next_start(self, after: int) -> int | None:
        """When the next stretch begins after an instant; None when none does."""
        return next((start for start, _ in self._begun(after)), None)

    def stretch(self, at: int) -> TimeRange | None:
        """From when to when it is active around an instant, the end not included; None where it is not active then.

        Stretches that begin later and touch this one are not counted in.
        """
        return next(self.spans(TimeRange(at, at)), None)

    def spans(self, within: TimeRange) -> Iterator[TimeRange]:
        """When it is active within a time, whole stretches, ascending; their ends are not included, and what touches is one.

        At most 10,000. One that is switched off is never active.
        """
        found: TimeRange | None = None
        for start, end in islice(self._lasting(within.start), _MOST_SPANS):
            if start > within.end:
                break
            if found is not None and start <= found.end:
                found = TimeRange(found.start, max(found.end, end))
                continue
            if found is not None:
                yield found
            found = TimeRange(start, end)
        if found is not None:
            yield found

    @property
    def longest(self) -> int:
        """How long a stretch is, ms."""
        timing = self.timing
        return timing.ends_at - timing.starts_at if isinstance(timing, Once) else timing.duration

    def ended(self, at: int) -> "Window":
        """This one, no longer active from `at` on until its next stretch begins."""
        return replace(self, ended_at=at)

    def _lasting(self, at: int) -> Iterator[tuple[int, int]]:
        """Start and end of each stretch that ends after an instant, in ascending order of their starts."""
        return ((start, end) for start, end in self._begun(at - self.longest) if end > at)

    def _begun(self, after: int) -> Iterator[tuple[int, int]]:
        """Likewise of each that begins after an instant."""
        for start in self._starts(after):
            end = start + self.longest
            if self.ended_at is None or start > self.ended_at or self.ended_at >= end:
                yield start, end
            elif start < self.ended_at:
                yield start, self.ended_at

    def _starts(self, after: int) -> Iterator[int]:
        timing = self.timing
        if not self.enabled:
            return iter(())
        if isinstance(timing, Once):
            return iter((timing.starts_at,) if timing.starts_at > after else ())
        until = timing.until
        starts = timing.by.after(max(after, timing.since - 1))
        return starts if until is None else takewhile(lambda start: start < until, starts)


def check_window(window: Window) -> None:
    """Refuse a window that cannot be.

    Raises:
        InvalidField: it says nothing, too much, or the impossible; names the field.
    """
    name = window.name
    if not 0 < len(name) <= MAX_NAME or not name.isprintable() or name != name.strip():
        message = (
            f"name: {name[:60]!a} is no name: up to {MAX_NAME} characters that can be shown, no blank at either end"
        )
        raise InvalidField(message, field="name")
    if len(window.description) > MAX_TEXT:
        raise InvalidField(f"description: it may have {MAX_TEXT} characters", field="description")
    _check_scope(window.scope)
    _check_timing(window.timing)


def _check_scope(scope: Scope) -> None:
    named = len(scope.checks) + len(scope.groups) + len(scope.tags)
    if scope.everything == bool(named):
        message = "scope: name checks, groups or tags, or say all: true and none of them"
        raise InvalidField(message, field="scope")
    if named > MAX_SCOPE:
        raise InvalidField(f"scope: it names {named}, and may name {MAX_SCOPE}", field="scope")


def _check_timing(timing: Once | Repeated) -> None:
    if isinstance(timing, Once):
        if timing.starts_at >= timing.ends_at:
            raise InvalidField("ends_at: it must be after starts_at", field="ends_at")
        return
    if not MIN_DURATION <= timing.duration <= MAX_DURATION:
        bounds = f"{format_duration(MIN_DURATION)} to {format_duration(MAX_DURATION)}"
        raise InvalidField(f"duration: it must be {bounds}", field="duration")
    if timing.until is not None and timing.until <= timing.since:
        raise InvalidField("ends_at: it must be after starts_at", field="ends_at")
    often = timing.by.starts_a_day
    if often > MAX_STARTS_A_DAY:
        field = "cron" if isinstance(timing.by, Cron) else "rrule"
        message = f"{field}: it begins {often} times a day, and may {MAX_STARTS_A_DAY} times: let each time last longer"
        raise InvalidField(message, field=field)


class Coverage:
    """Which of some windows cover a check at one instant, ms, and until `until`; None there means for ever.

    Asked of ten thousand checks it does not look at each window for each. before: one of an earlier instant, from which is taken
    what has not changed since. generation: a number that the maker gives it.
    """

    def __init__(
        self, windows: Iterable[Window], at: int, generation: int = 0, before: "Coverage | None" = None
    ) -> None:
        self.at = at
        self.generation = generation
        known = {} if before is None else before.known(at)
        self._standings: dict[str, tuple[Window, bool, int | None]] = {
            one.id: (one, *_standing(one, at, known.get(one.id))) for one in windows
        }
        self.until = min((until for _, _, until in self._standings.values() if until is not None), default=None)
        self.active = tuple(one for one, is_active, _ in self._standings.values() if is_active)
        self._everywhere = tuple(one for one in self.active if one.scope.everything)
        self._by_name: dict[str, list[Window]] = {}
        self._by_group: dict[str, list[Window]] = {}
        self._by_tag: dict[str, list[Window]] = {}
        for one in self.active:
            _index(self._by_name, one, one.scope.checks)
            _index(self._by_group, one, one.scope.groups)
            _index(self._by_tag, one, one.scope.tags)

    def known(self, at: int) -> Mapping[str, tuple[Window, bool, int | None]]:
        """Each window by id, whether it is active and until when, for a look at an instant that is not earlier than this."""
        return self._standings if self.at <= at else {}

    def holds(self, at: int) -> bool:
        """Whether it says at another instant what it says at its own."""
        return self.at <= at and (self.until is None or at < self.until)

    def windows(self, check: Check) -> tuple[Window, ...]:
        """The windows that cover a check, each once, by name; none where it is not in maintenance."""
        if not self.active:
            return ()
        said = check.definition
        found = [*self._everywhere, *self._by_name.get(said.name, ()), *self._by_group.get(said.group, ())]
        if self._by_tag:
            found += chain.from_iterable(self._by_tag.get(tag, ()) for tag in _tags(said.tags))
        return tuple(sorted({one.id: one for one in found}.values(), key=lambda one: one.name)) if found else ()


def _standing(window: Window, at: int, known: tuple[Window, bool, int | None] | None) -> tuple[bool, int | None]:
    if known is None or known[0] is not window or (known[2] is not None and known[2] <= at):
        return window.standing(at)
    return known[1:]


def _index(index: dict[str, list[Window]], window: Window, keys: Iterable[str]) -> None:
    for key in keys:
        index.setdefault(key, []).append(window)


def _tags(tags: Mapping[str, str]) -> Iterator[str]:
    """What windows may say of a check's tags."""
    for key, value in tags.items():
        yield f"{key}:{value}"
        yield key
