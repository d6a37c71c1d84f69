"""What rules tell of their alerts, in place of the pipeline."""

from collections.abc import Iterable

from typing_extensions import override

from sightline.application.evaluate import TakeChanges
from sightline.domain.alerts.notice import AlertState, Notice
from sightline.domain.alerts.posted import PostedAlert
from sightline.domain.tenancy import Tenant


class Heard(TakeChanges):
    """Keeps what it is told. before: alerts that rules go on with, by tenant and rule."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []
        self.restated: list[tuple[str, Notice]] = []
        self.before: dict[tuple[Tenant, str], list[PostedAlert]] = {}

    @override
    def tell(self, notices: Iterable[Notice], rule: str, /) -> None:
        for notice in notices:
            if notice.previous is notice.alert.state:
                self.restated.append((rule, notice))
            else:
                self.notices.append(notice)

    @override
    def claim(self, tenant: Tenant, rule: str, /) -> Iterable[PostedAlert]:
        return self.before.get((tenant, rule), ())

    def states(self) -> list[AlertState]:
        """To which states alerts moved, in order."""
        return [notice.alert.state for notice in self.notices]
