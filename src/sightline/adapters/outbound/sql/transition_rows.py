"""The rows of transitions, and of the monitor, read and written within one transaction. Importing this loads SQLAlchemy."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import BigInteger, ColumnElement, Connection, Row, Select, and_, bindparam, column, func, select, values

from sightline.adapters.outbound.sql.tables import MONITOR, TRANSITIONS, is_id
from sightline.domain.probes.state import CheckState, StateReason, Transition
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import TimeRange

_ASKED_AT_ONCE: Final = 1_000
"""Checks in one statement: each is a parameter, of which SQLite takes 32,766 and PostgreSQL 65,535."""
_KEY: Final = ("tenant", "target_id", "at")
_LOCATIONS: Final = msgspec.json.Decoder(tuple[str, ...])


class TransitionRows:
    """What SqlStandings asks of a transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def record(self, transitions: Sequence[tuple[Tenant, Transition]], alive_at: int) -> None:
        """Put rows in place of what was there at the same times, and that the monitor was alive."""
        rows = {(tenant, one.check, one.at): _said(tenant, one) for tenant, one in transitions}
        if rows:
            gone = TRANSITIONS.delete().where(*(TRANSITIONS.c[name] == bindparam(f"its_{name}") for name in _KEY))
            self._connection.execute(gone, [{f"its_{name}": row[name] for name in _KEY} for row in rows.values()])
            self._connection.execute(TRANSITIONS.insert(), list(rows.values()))
        if not self._connection.execute(MONITOR.update().values(alive_at=alive_at)).rowcount:
            self._connection.execute(MONITOR.insert().values(alive_at=alive_at))

    def alive_at(self) -> int | None:
        """The monitor's row."""
        found: int | None = self._connection.execute(MONITOR.select()).scalar()
        return found

    def current(self) -> list[tuple[Tenant, Transition]]:
        """The last row of every check."""
        own = TRANSITIONS.c
        newest = select(own.tenant, own.target_id, func.max(own.at).label("at")).group_by(own.tenant, own.target_id)
        last = newest.subquery()
        rows = TRANSITIONS.select().join(last, _all_equal(last))
        return [(Tenant(row.tenant), _transition(row)) for row in self._connection.execute(rows)]

    def between(self, tenant: Tenant, checks: Sequence[int], within: TimeRange) -> Iterator[Transition]:
        """Rows of checks, from the last before a time on."""
        wanted = sorted(check for check in set(checks) if is_id(check))
        for first in range(0, len(wanted), _ASKED_AT_ONCE):
            statement = _between(tenant, wanted[first : first + _ASKED_AT_ONCE], within)
            yield from (_transition(row) for row in self._connection.execute(statement) if row.at is not None)

    def forget(self, before: int) -> int:
        """Delete rows that a later one before a time follows."""
        own, later = TRANSITIONS.c, TRANSITIONS.alias("later")
        followed = select(1).where(
            later.c.tenant == own.tenant, later.c.target_id == own.target_id, later.c.at > own.at, later.c.at < before
        )
        return self._connection.execute(TRANSITIONS.delete().where(own.at < before, followed.exists())).rowcount


def _between(tenant: Tenant, checks: Sequence[int], within: TimeRange) -> Select[Any]:
    """A walk over the checks, each a search for the last row before the time and a read from there on."""
    wanted = values(column("id", BigInteger)).data([(check,) for check in checks]).cte("wanted")
    earlier = TRANSITIONS.alias("earlier")
    before = select(func.max(earlier.c.at)).where(
        earlier.c.tenant == tenant, earlier.c.target_id == wanted.c.id, earlier.c.at < within.start
    )
    since = func.coalesce(before.correlate(wanted).scalar_subquery(), within.start)
    own, last = TRANSITIONS.c, max(within.end, within.start - 1)
    of_check = and_(own.tenant == tenant, own.target_id == wanted.c.id, own.at >= since, own.at <= last)
    # An outer join begins with the checks. Of an inner one SQLite knows better, and takes a second a check.
    return select(TRANSITIONS).select_from(wanted.outerjoin(TRANSITIONS, of_check)).order_by(wanted.c.id, own.at)


def _all_equal(other: Any) -> ColumnElement[bool]:
    return and_(*(TRANSITIONS.c[name] == other.c[name] for name in _KEY))


def _said(tenant: Tenant, transition: Transition) -> dict[str, Any]:
    return {
        "tenant": tenant,
        "target_id": transition.check,
        "at": transition.at,
        "previous": transition.previous.value,
        "state": transition.state.value,
        "reason": transition.reason.value,
        "probe_reason": str(transition.probe_reason),
        "message": transition.message,
        "locations": msgspec.json.encode(transition.locations).decode(),
    }


def _transition(row: Row[Any]) -> Transition:
    return Transition(
        row.target_id,
        row.at,
        CheckState(row.previous),
        CheckState(row.state),
        StateReason(row.reason),
        row.probe_reason,
        row.message,
        _LOCATIONS.decode(row.locations),
    )
