"""Which samples somebody outside wants as they are."""

from dataclasses import dataclass

from sightline.domain.labels import Matchers
from sightline.domain.timerange import TimeRange


@dataclass(frozen=True, slots=True)
class Selection:
    """All series that match, and their samples in a range that includes both ends. bare: their labels alone suffice."""

    matchers: Matchers
    within: TimeRange
    bare: bool = False
