"""All groups of a tenant, which agree with one another: no series is in two of them, and a family has one type."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from sightline.domain.errors import BodyTooLarge, Conflict, InconsistentPush
from sightline.domain.labels import Labels
from sightline.domain.push.group import PushGroup


@dataclass(frozen=True, slots=True)
class PushLimits:
    """Bounds of pushed groups: of one tenant how many, samples of one group, and of all of a tenant's together."""

    groups: int = 10_000
    group_samples: int = 10_000
    samples: int = 1_000_000


class PushGroups:
    """The groups by their keys, and which of them has a series."""

    def __init__(self, limits: PushLimits) -> None:
        self._limits = limits
        self._groups: dict[Labels, PushGroup] = {}
        self._owners: dict[Labels, Labels] = {}
        self._types: dict[str, Counter[str]] = {}

    def __len__(self) -> int:
        """How many."""
        return len(self._groups)

    def __iter__(self) -> Iterator[PushGroup]:
        """In the order in which they were first pushed."""
        return iter(self._groups.values())

    def get(self, key: Labels) -> PushGroup | None:
        """One of them, if it is there."""
        return self._groups.get(key)

    def check(self, group: PushGroup) -> None:
        """Whether a group can take the place of the one with its key, if there is one.

        Raises:
            InconsistentPush: it does not agree with the other groups, or with itself.
            BodyTooLarge, Conflict: more samples, or groups, than the limits allow.
        """
        self._check_room(group)
        before = self._groups.get(group.key)
        seen: set[Labels] = set()
        for name, family in group.families.items():
            types = Counter(self._types.get(name, {}))
            if before is not None and name in before.families:
                types[before.families[name].metadata.type] -= 1
            other = next((one for one, count in types.items() if count > 0 and one != family.metadata.type), None)
            if other is not None:
                message = f"metric {name!r} is pushed as {family.metadata.type}, and another group has it as {other}"
                raise InconsistentPush(message, metric=name)
            for labels, _ in family.samples:
                if labels in seen:
                    raise InconsistentPush(f"series {labels} comes in two metrics of the group")
                if self._owners.get(labels, group.key) != group.key:
                    raise InconsistentPush(f"series {labels} is in the group {self._owners[labels]} already")
                seen.add(labels)

    def put(self, group: PushGroup) -> list[Labels]:
        """Have a group in place of the one with its key; gives the series that are no more."""
        gone = self._forget(group.key)
        self._groups[group.key] = group
        for name, family in group.families.items():
            self._types.setdefault(name, Counter())[family.metadata.type] += 1
            for labels, _ in family.samples:
                self._owners[labels] = group.key
        return [labels for labels in gone if labels not in self._owners]

    def remove(self, key: Labels) -> list[Labels]:
        """Let a group go; gives its series, none where there is no such group."""
        group = self._groups.get(key)
        if group is None:
            return []
        self._forget(key)
        del self._groups[key]
        return [labels for labels, _ in group.samples()]

    def _forget(self, key: Labels) -> list[Labels]:
        """What was known of a group's families; gives their series."""
        group = self._groups.get(key)
        if group is None:
            return []
        gone = []
        for name, family in group.families.items():
            self._types[name][family.metadata.type] -= 1
            if not self._types[name].total():
                del self._types[name]
            for labels, _ in family.samples:
                del self._owners[labels]
                gone.append(labels)
        return gone

    def _check_room(self, group: PushGroup) -> None:
        limits, before = self._limits, self._groups.get(group.key)
        if len(group) > limits.group_samples:
            raise BodyTooLarge(
                f"the group would hold {len(group)} samples and push.max_group_samples allows {limits.group_samples}: push "
                "less, or to several groups",
                limit="push.max_group_samples",
            )
        together = len(self._owners) + len(group) - (len(before) if before is not None else 0)
        if together > limits.samples:
            raise BodyTooLarge(
                f"all groups together would hold {together} samples and push.max_samples allows {limits.samples}: delete "
                "groups that are done",
                limit="push.max_samples",
            )
        if before is None and len(self._groups) >= limits.groups:
            raise Conflict(
                f"there are {len(self._groups)} groups, as many as push.max_groups allows: delete those that are done, and "
                "put nothing that is new every time (as a process id) into the grouping key",
                limit="push.max_groups",
            )
