"""Dashboards that stand in files."""

from dataclasses import dataclass
from typing import Protocol

from sightline.domain.dashboards.dashboard import Dashboard


@dataclass(frozen=True, slots=True)
class Shelved:
    """A dashboard and the file it stands in, as people would name it."""

    dashboard: Dashboard
    origin: str


@dataclass(frozen=True, slots=True)
class ShelfRead:
    """What the files hold now. problems: what could not be read and why, each naming its file."""

    dashboards: tuple[Shelved, ...]
    problems: tuple[str, ...]


class Shelf(Protocol):
    """Dashboards that people keep in files, beside their other configuration; never written here.

    Names are distinct: of two files with one name the first by path counts, the other is a problem. A file that cannot be used
    costs no other; one that was usable before keeps what it had, and is a problem.
    """

    async def read(self) -> ShelfRead:
        """All of them as the files stand now, in ascending order of name."""
        ...
