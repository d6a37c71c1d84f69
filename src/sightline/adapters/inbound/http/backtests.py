"""Alert rules replayed over stored samples: what would have fired, and who would have been told."""

import time
from typing import Any, Final

from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler

from sightline.adapters.inbound.http.attended import attended
from sightline.adapters.inbound.http.json_body import JSON, read_json
from sightline.adapters.inbound.http.parameters import parse_time
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.adapters.wire import backtest_json as wire
from sightline.application.backtest import Asked
from sightline.domain.alerts.rule import AlertRule
from sightline.domain.errors import BadData, InvalidField
from sightline.domain.tenancy import Principal
from sightline.domain.timerange import DAY, MINUTE, SECOND, Grid

Call = Request[Principal, Any, Any]

PATH: Final = "/api/v1/backtest/alert-rule"
SPAN: Final = 7 * DAY
"""How far back a backtest goes where nobody says."""
INTERVAL: Final = MINUTE
"""How often a rule of a file is evaluated where nobody says."""
_LIMIT: Final = "of a backtest"
# A calendar reaches no further.
_LATEST: Final = 253_402_300_799 * SECOND


def routes(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    """All handlers of this API."""

    @post(PATH, status_code=200)
    async def backtest(request: Call) -> Response[bytes]:
        written = wire.from_json(await read_json(request, settings, limit=wire.MAX_BYTES, name=_LIMIT))
        asked = _asked(written, use_cases.clock.now(), round(use_cases.rules_every * SECOND))
        began = time.monotonic()
        found = await attended(request.receive, use_cases.backtest(request.user, asked))
        return Response(wire.to_json(found, time.monotonic() - began), media_type=JSON)

    return [backtest]


def _asked(written: wire.WrittenBacktest, now: int, catalog_interval: int) -> Asked:
    rule = wire.rule_of(written)
    usual = catalog_interval if isinstance(rule, AlertRule) else INTERVAL
    interval = wire.duration("interval", written.interval) or usual
    end = _time("end", written.end, now)
    start = _time("start", written.start, end - SPAN)
    if end < start:
        raise InvalidField("end: lies before start", field="end")
    if written.limit < 0:
        raise InvalidField("limit: is 0 or more", field="limit")
    silences = [
        wire.silence_of(
            number, one, _time(f"silences[{number}].start", one.start, 0), _time(f"silences[{number}].end", one.end, 0)
        )
        for number, one in enumerate(written.silences)
    ]
    return Asked(
        rule,
        # Instants are whole intervals, so that the same range gives the same result a moment later.
        Grid(start - start % interval, end - end % interval, interval),
        wire.duration("query_offset", written.query_offset),
        written.limit,
        written.alertmanager_config.encode(),
        silences,
    )


def _time(path: str, given: float | str | None, default: int) -> int:
    """An instant, ms."""
    if given is None:
        return default
    try:
        at = parse_time(given if isinstance(given, str) else repr(given))
    except BadData as error:
        raise InvalidField(f"{path}: {error.message}", field=path) from None
    if not 0 <= at <= _LATEST:
        raise InvalidField(f"{path}: lies before 1970 or after the year 9999", field=path)
    return at
