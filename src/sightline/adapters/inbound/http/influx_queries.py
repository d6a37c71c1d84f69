"""What clients of InfluxDB ask besides writing: whether somebody is there, and which databases there are.

Source: https://docs.influxdata.com/influxdb/v1/tools/api/#query-http-endpoint. InfluxQL is not spoken: queries are PromQL.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from litestar import Request, Response, route
from litestar.handlers import HTTPRouteHandler

from sightline.adapters.inbound.http.forms import parameters
from sightline.adapters.inbound.http.influx_paths import PING, QUERY
from sightline.adapters.inbound.http.parameters import Parameters
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.adapters.wire.influx_series import DATABASE
from sightline.domain.errors import BadData, NotSupported
from sightline.domain.labels import METRIC_NAME, Matcher, MatchOp
from sightline.domain.timerange import ALL_TIME, HOUR, MINUTE, SECOND, parse_duration

Call = Request[Any, Any, Any]
Series = dict[str, Any]

VERSION: Final = "1.8.10"
"""What we say to be, for clients choose by it what they send: the last version that speaks both write APIs and is version 1."""
_HEADERS: Final = {"X-Influxdb-Version": VERSION, "X-Influxdb-Build": "Sightline"}
_JSON: Final = "application/json"
_NAME: Final = r'(?:"((?:[^"\\]|\\.)*)"|([A-Za-z_]\w*))'
_CREATE: Final = re.compile(rf"CREATE\s+DATABASE\s+{_NAME}(?:\s+WITH\s.*)?", re.IGNORECASE | re.DOTALL)
_KEEP: Final = re.compile(
    rf"(?:CREATE|ALTER)\s+RETENTION\s+POLICY\s+{_NAME}\s+ON\s+{_NAME}\s.*", re.IGNORECASE | re.DOTALL
)
_DATABASES: Final = re.compile(r"SHOW\s+DATABASES", re.IGNORECASE)
_POLICIES: Final = re.compile(rf"SHOW\s+RETENTION\s+POLICIES(?:\s+ON\s+{_NAME})?", re.IGNORECASE)
# A quote that is left open reaches to the end; nothing here is tried twice, however long the text.
_STATEMENT: Final = re.compile(r"""(?:"(?:[^"\\]|\\.)*+"?+|'(?:[^'\\]|\\.)*+'?+|[^;"'])++""", re.DOTALL)
_MEASUREMENTS: Final = re.compile(rf"SHOW\s+MEASUREMENTS(?:\s+ON\s+{_NAME})?(?:\s+LIMIT\s+(\d{{1,9}}))?", re.IGNORECASE)


def routes(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    """All handlers of this file."""

    @route(list(PING), http_method=["GET", "POST"], status_code=200)
    async def ping(request: Call) -> Response[Any]:
        given = Parameters.of(request.scope["query_string"])
        if (given.text("verbose") or "0") not in {"0", "false"}:
            body = msgspec.json.encode({"version": VERSION})
            return Response(body, status_code=200, media_type=_JSON, headers=_HEADERS)
        return Response(None, status_code=204, headers=_HEADERS)

    @route(list(QUERY), http_method=["GET", "POST"], status_code=200)
    async def query(request: Call) -> Response[bytes]:
        given = await parameters(request, settings)
        text = given.text("q")
        if text is None:
            raise BadData('missing required parameter "q"')
        asked = Asked(use_cases, request.user, given.text("db") or "")
        statements = [one for one in map(str.strip, _STATEMENT.findall(text)) if one]
        results = [{"statement_id": number, **await asked.answer(one)} for number, one in enumerate(statements)]
        return Response(msgspec.json.encode({"results": results}) + b"\n", media_type=_JSON, headers=_HEADERS)

    return [ping, query]


class Asked:
    """The statements of one request. database: the one that it names beside them."""

    def __init__(self, use_cases: UseCases, principal: Any, database: str) -> None:
        self._use_cases = use_cases
        self._principal = principal
        self._database = database

    async def answer(self, statement: str) -> dict[str, list[Series]]:
        """What a statement yields.

        Raises:
            NotSupported: it is none of those that clients send before they write.
        """
        if _CREATE.fullmatch(statement) or _KEEP.fullmatch(statement):
            return {}  # a database is there as soon as something is written to it, and is kept as long as all of them
        if _DATABASES.fullmatch(statement):
            return _series("databases", await self._values(DATABASE, ""))
        if (found := _MEASUREMENTS.fullmatch(statement)) is not None:
            names = await self._values(METRIC_NAME, _name(found) or self._database)
            return _series("measurements", names[: int(found[3])] if found[3] else names)
        if _POLICIES.fullmatch(statement):
            columns = ["name", "duration", "shardGroupDuration", "replicaN", "default"]
            kept = self._use_cases.program.retention
            row = ["autogen", _duration(kept), "24h0m0s", 1, True]
            return {"series": [{"columns": columns, "values": [row]}]}
        raise NotSupported(
            f"InfluxQL is not spoken here, and so not {statement[:100]!r}: ask in PromQL at /api/v1/query; "
            "of InfluxQL there is CREATE DATABASE, CREATE and ALTER RETENTION POLICY, "
            "and SHOW DATABASES, RETENTION POLICIES and MEASUREMENTS",
            construct=statement.split(maxsplit=1)[0],
        )

    async def _values(self, label: str, database: str) -> Sequence[str]:
        sets = [(Matcher(DATABASE, MatchOp.EQUAL, database),)] if database else []
        return (await self._use_cases.search.label_values(self._principal, label, sets, ALL_TIME, None)).items


def _series(name: str, values: Sequence[str]) -> dict[str, list[Series]]:
    return {"series": [{"name": name, "columns": ["name"], "values": [[value] for value in values]}]} if values else {}


def _name(found: re.Match[str]) -> str:
    quoted, plain = found[1], found[2]
    return re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else plain or ""


def _duration(text: str) -> str:
    """A length of time as Go writes it; 0s, which is for ever, where nothing is known."""
    length = parse_duration(text) if text else 0
    hours, rest = divmod(length, HOUR)
    return f"{hours}h{rest // MINUTE}m{rest % MINUTE // SECOND}s" if length else "0s"
