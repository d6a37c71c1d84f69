"""Rules that stand in files."""

from dataclasses import dataclass
from typing import Protocol

from sightline.domain.alerts.group import RuleGroup


@dataclass(frozen=True, slots=True)
class RulesRead:
    """What the files hold now. problems: what is wrong with them, each naming its file and, where it can, line and column."""

    groups: tuple[RuleGroup, ...] = ()
    problems: tuple[str, ...] = ()


class Rulebook(Protocol):
    """Rule files that people keep beside their other configuration; never written here.

    A file is taken whole or not at all. One that cannot be used costs no other; one that was usable before keeps the groups it
    had, and is a problem. One that is gone takes its groups along.
    """

    async def read(self) -> RulesRead:
        """The groups as the files stand now, in ascending order of file and, within one, in the order in which they stand there.

        Groups of a file that did not change are the same objects as before.
        """
        ...
