"""Label sets that many answers share, and what was worked out of them."""

from collections.abc import Callable, Hashable, Sequence
from functools import cached_property
from typing import Any, Final, TypeVar, cast

from sightline.domain.labels import Labels

_Fact = TypeVar("_Fact")

_MOST_FACTS: Final = 16


class LabelSets(tuple[Labels, ...]):  # noqa: SLOT001 - only a dict can hold its facts: Python gives a tuple no slots
    """Label sets, as a tuple like any other that can be asked to remember what follows from it.

    Dashboards and rules ask for the same series again and again: their groups, their names and their order need not be found anew.
    Safe in several threads: at worst a fact is worked out twice.
    """

    @cached_property
    def _facts(self) -> dict[Hashable, Any]:
        return {}

    def remembered(self, key: Hashable, make: Callable[[], _Fact]) -> _Fact:
        """What `make` gives; made once for a key, as long as there are few keys."""
        facts = self._facts
        if key in facts:
            return cast("_Fact", facts[key])
        found = make()
        if len(facts) >= _MOST_FACTS:
            facts.clear()
        facts[key] = found
        return found


def remembered(labels: Sequence[Labels], key: Hashable, make: Callable[[], _Fact]) -> _Fact:
    """What `make` gives of these label sets, remembered with them if they are shared ones."""
    return labels.remembered(key, make) if isinstance(labels, LabelSets) else make()
