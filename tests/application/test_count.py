"""Counting series, within bounds."""

import pytest

from sightline.application.count import MAX_LIMIT, Count
from sightline.domain.errors import InvalidParameter
from sightline.domain.metrics.cardinality import Cardinality
from sightline.domain.tenancy import LOCAL, Tenant

NONE = Cardinality(0, 0, 0, None, None, (), (), (), ())


class Census:
    """Remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    async def cardinality(self, tenant: Tenant, limit: int) -> Cardinality:
        """Nothing."""
        self.asked.append((tenant, limit))
        return NONE


@pytest.mark.parametrize("limit", [0, -1, MAX_LIMIT + 1])
async def test_a_limit_is_bounded(limit: int) -> None:
    """A list has at least one name and not too many."""
    with pytest.raises(InvalidParameter, match="limit must"):
        await Count(Census()).cardinality(LOCAL, limit)


async def test_the_tenant_of_who_asks_is_counted() -> None:
    """Nobody's series are counted but those of the principal's tenant, ten names a list unless otherwise asked."""
    census = Census()
    count = Count(census)
    assert await count.cardinality(LOCAL) is NONE
    await count.cardinality(LOCAL, MAX_LIMIT)
    assert census.asked == [(LOCAL.tenant, 10), (LOCAL.tenant, MAX_LIMIT)]
