"""What rules tell of their alerts, in place of the pipeline."""

from collections.abc import Iterable

from typing_extensions import override

from sightline.application.evaluate import TakeChanges
from sightline.domain.alerts.notice import AlertState, Notice


class Heard(TakeChanges):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []

    @override
    def tell(self, notices: Iterable[Notice], /) -> None:
        self.notices += notices

    def states(self) -> list[AlertState]:
        """To which states alerts moved, in order."""
        return [notice.alert.state for notice in self.notices]
