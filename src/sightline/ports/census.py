"""How many series there are: what is asked when there are too many."""

from typing import Protocol

from sightline.domain.metrics.cardinality import Cardinality
from sightline.domain.tenancy import Tenant


class Census(Protocol):
    """Counts one tenant's series without reading a sample."""

    async def cardinality(self, tenant: Tenant, limit: int) -> Cardinality:
        """What the tenant has, as far as it is known at this moment; each list has at most `limit` >= 1 names.

        Raises:
            Unavailable: the series are not known yet, or are too many to be known, or the store is away.
        """
        ...
