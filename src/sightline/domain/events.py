"""What is told on the bus."""

from dataclasses import dataclass

from sightline.domain.alerts.notice import Notice
from sightline.domain.metrics.samples import WriteBatch
from sightline.domain.tenancy import Tenant


@dataclass(frozen=True, slots=True, eq=False)
class SamplesStored:
    """Samples were acknowledged. The batch must not be changed by those who receive it."""

    tenant: Tenant
    batch: WriteBatch


@dataclass(frozen=True, slots=True, eq=False)
class AlertChanged:
    """An alert moved from one state to another."""

    tenant: Tenant
    notice: Notice


Event = SamplesStored | AlertChanged
