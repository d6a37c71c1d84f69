"""Count series and labels, for whoever wants to know what makes them many."""

from typing import Final

from sightline.domain.errors import InvalidParameter
from sightline.domain.metrics.cardinality import Cardinality
from sightline.domain.tenancy import Principal
from sightline.ports.census import Census

DEFAULT_LIMIT: Final = 10
MAX_LIMIT: Final = 10_000


class Count:
    """The use case. Answers for the principal's tenant alone."""

    def __init__(self, census: Census) -> None:
        self._census = census

    async def cardinality(self, principal: Principal, limit: int = DEFAULT_LIMIT) -> Cardinality:
        """How many series, and the `limit` names in each list that there is most of.

        Raises:
            InvalidParameter: a limit below 1 or above `MAX_LIMIT`.
            Unavailable: they cannot be counted now.
        """
        if limit < 1:
            raise InvalidParameter("limit must be a positive number", parameter="limit")
        if limit > MAX_LIMIT:
            raise InvalidParameter(f"limit must not exceed {MAX_LIMIT}", parameter="limit")
        return await self._census.cardinality(principal.tenant, limit)
