"""Influx lines, straight from ASGI: POST /write as to InfluxDB 1 and POST /api/v2/write as to InfluxDB 2.

Sources: https://docs.influxdata.com/influxdb/v1/tools/api/#write-http-endpoint and
https://docs.influxdata.com/influxdb/v2/api/write-data/. Retention policy, organisation and consistency are not asked for.
"""

from typing import Final

from sightline.adapters.inbound.http import instruments
from sightline.adapters.inbound.http.asgi import Receive, Scope, Send, respond
from sightline.adapters.inbound.http.inflight import Inflight
from sightline.adapters.inbound.http.parameters import Parameters, invalid
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.unpacked import unpacked
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.adapters.wire.influx import NAMED, PRECISIONS, InfluxDecoder, Written
from sightline.domain.errors import BadData, SampleOutOfBounds
from sightline.domain.metrics.left_out import LeftOut
from sightline.domain.metrics.misread_time import misread_by
from sightline.domain.tenancy import Principal

_MEANT: Final = {3: "us", 6: "ms", 9: "s"}
"""The precision that was meant where times, read in nanoseconds, are too small by so many powers of ten."""


class InfluxIntake:
    """POST /write and /api/v2/write, which differ in how they name the database."""

    def __init__(self, use_cases: UseCases, settings: DoorSettings, inflight: Inflight) -> None:
        self._use_cases = use_cases
        self._settings = settings
        self._inflight = inflight
        self._decoder = InfluxDecoder(max_samples=settings.max_request_samples)
        self._decoding = use_cases.offload.kind()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one write: 204 once every sample is acknowledged; errors of the tree are the dispatcher's to render."""
        given = Parameters.of(scope["query_string"])
        written, is_said = _written(given, self._use_cases.clock.now()), bool(given.text("precision"))
        with self._inflight.share() as share:
            data = await unpacked(scope, receive, self._settings, self._use_cases.telemetry, share)
            await self._store(scope["user"], data, written, is_said=is_said)
        await respond(send, 204)

    async def _store(self, principal: Principal, data: bytes, written: Written, *, is_said: bool) -> None:
        """Decode and store piece after piece, so that the columns of all of them are never there at once.

        is_said: whether the sender said the precision.
        """
        pieces = self._decoder.pieces(data, written, self._use_cases.ingest.roster(principal.tenant))
        stored = strings = 0
        left_out: list[LeftOut] = []
        last = False
        while not last:
            piece = await self._decoding.run(len(data), pieces.__next__)
            last = piece.last
            taken = await self._use_cases.ingest.partly(principal, piece.batch, piece.left_out)
            stored += taken.samples
            strings += piece.strings
            left_out += taken.left_out
        if strings:
            self._use_cases.telemetry.add(instruments.INFLUX_STRINGS, strings)
        if left_out:
            raise _partial(left_out, stored, "" if is_said else _unit(left_out[0].error, written.now))


def _written(given: Parameters, now: int) -> Written:
    precision = given.text("precision") or "ns"
    if precision not in PRECISIONS:
        raise invalid("precision", f"{precision[:20]!r} is none of ns, us, ms, s, m and h")
    bucket = (given.text("bucket") or "").partition("/")[0]  # InfluxDB 1 has a policy behind the slash there
    return Written(precision, given.text("db") or bucket, now)


def _unit(error: BadData, now: int) -> str:
    """What to say of times that were read in nanoseconds, because no precision was given, and are likely something else."""
    if not isinstance(error, SampleOutOfBounds):
        return ""
    precision = _MEANT.get(misread_by(error.detail.get("time", now), now))
    return (
        f"\ntimes without a precision are read as ns: these may be {precision}, say precision={precision}"
        if precision
        else ""
    )


def _partial(left_out: list[LeftOut], stored: int, unit: str) -> BadData:
    """What InfluxDB says where it did not take all; senders look for the first two words and do not try again."""
    first = left_out[0].error
    dropped = sum(one.samples for one in left_out)
    named = left_out[:NAMED]
    reasons = [one.error.message for one in named]
    if rest := dropped - sum(one.samples for one in named):
        reasons.append(f"and {rest} more")
    said = "\n".join(reasons)
    return type(first)(f"partial write: {said}{unit} dropped={dropped}", stored=stored, refused=dropped)
