"""Adopt rule files: know which groups they hold, which of them are new, have changed or are gone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sightline.application.derive import Derive, GroupState
from sightline.domain.alerts.group import RuleGroup
from sightline.domain.alerts.notice import Alert
from sightline.domain.tenancy import Principal
from sightline.ports.rulebook import Rulebook
from sightline.ports.telemetry import Instrument, Kind, Telemetry

RULES: Final = Instrument("sightline_rule_group_rules", "Rules of a rule group.", Kind.GAUGE, ("rule_group",))
INTERVAL: Final = Instrument(
    "sightline_rule_group_interval_seconds", "Time between evaluations of a rule group.", Kind.GAUGE, ("rule_group",)
)


@dataclass(frozen=True, slots=True)
class Changes:
    """What is different from what is adopted: groups that are new or say something else, and those that are gone."""

    came: tuple[RuleGroup, ...]
    left: tuple[GroupState, ...]


class Adopt:
    """The use case. `look`, then `take` and `drop` what it found once nobody evaluates the old version any more."""

    def __init__(self, rulebook: Rulebook, derive: Derive, telemetry: Telemetry) -> None:
        self._rulebook = rulebook
        self._derive = derive
        self._telemetry = telemetry
        self._groups: dict[str, GroupState] = {}
        self._problems: tuple[str, ...] = ()

    async def look(self) -> Changes:
        """Read the files as they stand now."""
        read = await self._rulebook.read()
        self._problems = read.problems
        wanted = {group.key: group for group in read.groups}
        came = [group for key, group in wanted.items() if key not in self._groups or self._groups[key].group != group]
        left = [state for key, state in self._groups.items() if key not in wanted]
        return Changes(tuple(came), tuple(left))

    async def take(self, group: RuleGroup, *, starting: bool = False) -> GroupState:
        """Adopt a group, in place of its earlier version if there is one, whose series and alerts it goes on with.

        starting: the program has just started; its alerts go on with what was written of them before.
        """
        state = await self._derive.begin(group, self._groups.get(group.key), starting=starting)
        self._groups[group.key] = state
        self._telemetry.set(RULES, len(group.rules), (group.key,))
        self._telemetry.set(INTERVAL, group.interval / 1000, (group.key,))
        return state

    def drop(self, state: GroupState) -> None:
        """Give a group up; its alerts end."""
        self._groups.pop(state.group.key, None)
        self._telemetry.set(RULES, 0, (state.group.key,))
        self._derive.retire(state)

    async def end(self, state: GroupState, at: int) -> None:
        """Mark the series of a group that was given up as ended at `at`, ms.

        Raises:
            SightlineError: intake does not take the markers.
        """
        await self._derive.end(state, at, self._groups.values())

    def state(self, key: str) -> GroupState | None:
        """The group of that key, if it is adopted."""
        return self._groups.get(key)

    def groups(self, principal: Principal) -> list[GroupState]:
        """The groups that the principal may see, by file and name."""
        if principal.tenant != self._derive.tenant:
            return []
        return sorted(self._groups.values(), key=lambda state: (state.group.file, state.group.name))

    def alerts(self, principal: Principal) -> list[Alert]:
        """The alerts of their rules that are pending, firing or lately resolved."""
        return [
            rule.alerts[labels]
            for state in self.groups(principal)
            for rule in state.rules
            for labels in sorted(rule.alerts)
        ]

    def problems(self, principal: Principal) -> Sequence[str]:
        """What was wrong with the files when they were last read; rules that they held before go on."""
        return self._problems if principal.tenant == self._derive.tenant else ()
