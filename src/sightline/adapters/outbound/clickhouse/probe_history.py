"""Results of probes in ClickHouse, see docs/adr/0022-uptime-storage.md."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

import msgspec
import pyarrow as pa
from typing_extensions import override

from sightline.adapters.outbound.clickhouse.database import ClickHouseDatabase
from sightline.adapters.outbound.clickhouse.kinds import (
    FLOAT64,
    INT64,
    MILLISECONDS,
    TEXT,
    UINT32,
    UINT64,
    Kind,
    MapOf,
    Nullable,
    block,
)
from sightline.adapters.outbound.clickhouse.statements import Param, statement, text, with_since
from sightline.adapters.outbound.clickhouse.times import held
from sightline.domain.probes.outcome import Certificate, Phase, Reason
from sightline.domain.probes.result import Brief, Result, Verdict
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import MAX_TIME, TimeRange
from sightline.ports.probe_history import ProbeHistory

_COLUMNS: Final[dict[str, Kind]] = {
    "tenant": TEXT,
    "target_id": UINT64,
    "location": TEXT,
    "ts": MILLISECONDS,
    "seconds": FLOAT64,
    "status_code": Nullable(INT64),
    "verdict": TEXT,
    "reason": TEXT,
    "message": TEXT,
    "phases": MapOf(FLOAT64),
    "size": UINT64,
    "attempts": UINT32,
    "redirects": UINT32,
    "version": TEXT,
    "address": TEXT,
    "expires_at": Nullable(INT64),
    "trace_id": TEXT,
    "value": Nullable(FLOAT64),
    "certificate": TEXT,
}
_MOST: Final = 2**63 - 1
"""What results and ids count up to."""
_AT_ONCE: Final = 200
"""Checks of one statement, which the engine has to parse."""
_CERTIFICATE: Final = msgspec.json.Decoder(Certificate)


class ClickHouseProbeHistory(ProbeHistory):
    """The table `probes`: a row for each result."""

    def __init__(self, database: ClickHouseDatabase) -> None:
        self._engine = database.engine

    @override
    async def append(self, results: Sequence[tuple[Tenant, Result]]) -> None:
        owned = {(tenant, one.check, one.location, one.at): (tenant, one) for tenant, one in results}
        if owned:
            rows = partial(block, _COLUMNS, (_row(*one) for one in owned.values()))
            await self._engine.append(statement("probes_insert"), rows)

    @override
    async def latest(
        self, tenant: Tenant, check: int, limit: int, within: TimeRange, location: str = ""
    ) -> list[Result]:
        there = held(within)
        if not 0 < check <= _MOST or limit < 1 or there.end < there.start:
            return []
        asked: dict[str, Param] = {
            "tenant": text(tenant),
            "target": check,
            "start": there.start,
            "end": there.end,
            "location": text(location),
            "limit": min(limit, _MOST),
        }
        if (since := await self._since(asked, min(limit, _MOST))) is None:
            return []
        sql = statement("probes_latest")
        return await self._engine.read_into(lambda rows: list(_results(check, rows)), sql, {**asked, "start": since})

    @override
    async def newest(self, tenant: Tenant, since: Mapping[int, int], limit: int) -> Mapping[int, list[Brief]]:
        asked = {check: held(TimeRange(at, MAX_TIME)).start for check, at in since.items() if 0 < check <= _MOST}
        found: dict[int, list[Brief]] = {}
        checks = list(asked)
        for first in range(0, len(checks) if limit > 0 else 0, _AT_ONCE):
            some = {check: asked[check] for check in checks[first : first + _AT_ONCE]}
            sql = with_since(statement("probes_newest"), some)
            parameters: dict[str, Param] = {"tenant": text(tenant), "limit": min(limit, _MOST)}
            found |= await self._engine.read_into(_briefs, sql, parameters)
        return found

    async def _since(self, asked: Mapping[str, Param], limit: int) -> int | None:
        """The time of the oldest that is wanted, ms; None without any.

        What FINAL is shown it reads to the end, and these rows are found from the last on, in 3 ms of 2,000,000. Some may be there
        twice until parts are merged, and then it looks further back.
        """
        rows = limit
        while True:
            (found,) = (await self._engine.read(statement("probes_since"), {**asked, "limit": rows})).to_pylist()
            if found["results_there"] >= limit or found["rows_there"] < rows:
                return int(found["since"]) if found["rows_there"] else None
            rows = min(2 * rows, _MOST)


def _row(tenant: Tenant, result: Result) -> tuple[Any, ...]:
    certificate = result.certificate
    return (
        tenant,
        result.check,
        result.location,
        result.at,
        result.seconds,
        result.status,
        result.verdict.value,
        result.reason.value,
        result.message,
        dict(result.phases),
        result.size,
        result.attempts,
        result.redirects,
        result.version,
        result.address,
        result.expires_at,
        result.trace_id,
        result.value,
        "" if certificate is None else msgspec.json.encode(certificate).decode(),
    )


def _briefs(rows: pa.Table) -> dict[int, list[Brief]]:
    found: dict[int, list[Brief]] = {}
    for row in rows.to_pylist():
        verdict, reason = Verdict(row["verdict"]), Reason(row["reason"])
        brief = Brief(row["location"], row["at"], row["seconds"], verdict, reason)
        found.setdefault(row["target_id"], []).append(brief)
    return found


def _results(check: int, rows: pa.Table) -> Iterator[Result]:
    for row in rows.to_pylist():
        yield Result(
            check=check,
            location=row["location"],
            at=row["at"],
            seconds=row["seconds"],
            verdict=Verdict(row["verdict"]),
            reason=Reason(row["reason"]),
            message=row["message"],
            status=row["status_code"],
            phases=tuple((Phase(name), seconds) for name, seconds in row["phases"]),
            size=row["size"],
            attempts=row["attempts"],
            redirects=row["redirects"],
            version=row["version"],
            address=row["address"],
            certificate=_CERTIFICATE.decode(row["certificate"]) if row["certificate"] else None,
            expires_at=row["expires_at"],
            trace_id=row["trace_id"],
            value=row["value"],
        )
