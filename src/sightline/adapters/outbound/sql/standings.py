"""How checks stood, in the catalog database."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from typing_extensions import override

from sightline.adapters.outbound.sql.database import SqlDatabase
from sightline.domain.probes.state import Transition
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import TimeRange
from sightline.ports.probe_history import Standings

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from sightline.adapters.outbound.sql.transition_rows import TransitionRows


class SqlStandings(Standings):
    """One row a transition, and one of the monitor."""

    def __init__(self, database: SqlDatabase) -> None:
        self._database = database

    @override
    async def record(self, transitions: Sequence[tuple[Tenant, Transition]], alive_at: int) -> None:
        owned = list(transitions)
        await self._database.run(lambda connection: _rows(connection).record(owned, alive_at))

    @override
    async def alive_at(self) -> int | None:
        return await self._database.run(lambda connection: _rows(connection).alive_at())

    @override
    async def current(self) -> list[tuple[Tenant, Transition]]:
        return await self._database.run(lambda connection: _rows(connection).current())

    @override
    async def between(self, tenant: Tenant, checks: Sequence[int], within: TimeRange) -> list[Transition]:
        owned = list(checks)
        return await self._database.run(lambda connection: list(_rows(connection).between(tenant, owned, within)))

    @override
    async def forget(self, before: int) -> int:
        return await self._database.run(lambda connection: _rows(connection).forget(before))


def _rows(connection: "Connection") -> "TransitionRows":
    from sightline.adapters.outbound.sql.transition_rows import TransitionRows

    return TransitionRows(connection)
