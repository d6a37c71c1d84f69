"""Webhooks that other programs tell of alerts: Alertmanager, Grafana, CloudWatch by SNS, and any JSON by a mapping.

What comes in goes the way of all alerts; an answer of 200 means that it survives a restart.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

import structlog
from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler

from sightline.adapters.inbound.http.asgi import header
from sightline.adapters.inbound.http.inflight import Inflight
from sightline.adapters.inbound.http.json_body import answer, check_format
from sightline.adapters.inbound.http.parameters import Parameters
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.unpacked import INLINE_BYTES, unpacked
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.adapters.inbound.http.webhook_paths import ALERTMANAGER, CLOUDWATCH, GENERIC, GRAFANA
from sightline.adapters.network.sns import Sns
from sightline.adapters.wire.alertmanager_posted import AlertBounds
from sightline.adapters.wire.hooked import Arrival, Hooked
from sightline.adapters.wire.sns import SnsMessage, SnsType, read_message
from sightline.adapters.wire.webhook_alertmanager import read_hook
from sightline.adapters.wire.webhook_cloudwatch import read_alarm
from sightline.adapters.wire.webhook_grafana import read_grafana
from sightline.adapters.wire.webhook_mapping import read_mapped
from sightline.domain.alerts.treatment import Treatment
from sightline.domain.errors import BadData, InvalidParameter, NotFound
from sightline.domain.tenancy import Principal

Call = Request[Principal, Any, Any]

_log: Final = structlog.get_logger("sightline.webhooks")
_NO_DATA: Final = "no_data"
_TREATMENTS: Final = (Treatment.ALERT, Treatment.KEEP, Treatment.OK)
_RAW: Final = b"x-amz-sns-rawdelivery"
_Read = TypeVar("_Read")


def routes(use_cases: UseCases, settings: DoorSettings, inflight: Inflight) -> list[HTTPRouteHandler]:
    """The handlers of this file."""
    taking = _Taking(use_cases, settings, inflight)

    @post(ALERTMANAGER, status_code=200)
    async def of_alertmanager(request: Call) -> Response[bytes]:
        check_format(_scope(request))
        return await taking.hooked(request, read_hook)

    @post(GRAFANA, status_code=200)
    async def of_grafana(request: Call) -> Response[bytes]:
        check_format(_scope(request))
        return await taking.hooked(request, read_grafana)

    @post(CLOUDWATCH, status_code=200)
    async def of_cloudwatch(request: Call) -> Response[bytes]:
        if header(_scope(request), _RAW) is not None:
            raise BadData("raw messages of SNS have no signature: turn raw message delivery off for the subscription")
        return await taking.of_sns(request)

    @post(GENERIC, status_code=200)
    async def of_mapping(request: Call) -> Response[bytes]:
        check_format(_scope(request))
        name, mappings = request.path_params["name"], use_cases.webhooks()
        mapping = mappings.get(name)
        if mapping is None:
            known = f"there are {', '.join(mappings)}" if mappings else "alerts.webhooks_file names none"
            raise NotFound(f"there is no webhook {name[:80]!a}: {known}")
        return await taking.hooked(request, lambda body, arrival: read_mapped(body, mapping, arrival))

    return [of_alertmanager, of_grafana, of_cloudwatch, of_mapping]


@dataclass(frozen=True, slots=True)
class _Taking:
    """Reads bodies and has alerts taken in."""

    use_cases: UseCases
    settings: DoorSettings
    inflight: Inflight

    async def hooked(self, request: Call, read: Callable[[bytes, Arrival], Hooked]) -> Response[bytes]:
        """Take in what a body says."""
        arrival = self._arrival(request)
        return await self._post(request, await self._read(request, lambda body: read(body, arrival)), arrival)

    async def of_sns(self, request: Call) -> Response[bytes]:
        """Take in an alarm, or say yes to a subscription, once it is known that Amazon sends it."""
        arrival, sns = self._arrival(request), self.use_cases.sns
        message = await self._read(request, read_message)
        await sns.verify(message)
        if message.type is SnsType.NOTIFICATION:
            return await self._post(request, read_alarm(message.Message, arrival), arrival)
        await _subscribed(message, sns)
        return _answer(Hooked().counts(arrival.now))

    def _arrival(self, request: Call) -> Arrival:
        settings = self.settings
        bounds = AlertBounds(settings.max_request_alerts, settings.max_alert_bytes)
        given = Parameters.of(_scope(request)["query_string"]).text(_NO_DATA) or Treatment.ALERT.value
        if given not in set(_TREATMENTS):
            known = ", ".join(_TREATMENTS)
            raise InvalidParameter(f"{_NO_DATA}: wants one of {known}, not {given[:80]!a}", parameter=_NO_DATA)
        now, tenant = self.use_cases.clock.now(), request.user.tenant
        return Arrival(tenant, now, settings.webhook_timeout, bounds, Treatment(given))

    async def _read(self, request: Call, read: Callable[[bytes], _Read]) -> _Read:
        """What a body holds; a large one is read in a thread."""
        with self.inflight.share() as share:
            body = await unpacked(_scope(request), request.receive, self.settings, self.use_cases.telemetry, share)
            if len(body) > INLINE_BYTES:
                return await asyncio.to_thread(partial(read, body))
            return read(body)

    async def _post(self, request: Call, found: Hooked, arrival: Arrival) -> Response[bytes]:
        if found.alerts:
            await self.use_cases.alert_pipeline.post(request.user, found.alerts)
        return _answer(found.counts(arrival.now))


async def _subscribed(message: SnsMessage, sns: Sns) -> None:
    """Say yes to a subscription, and tell of one that ended."""
    if message.type is SnsType.SUBSCRIPTION:
        await sns.confirm(message)
        _log.info("subscribed to a topic of SNS", topic=message.TopicArn)
    else:
        _log.warning("unsubscribed from a topic of SNS: its alarms come no more", topic=message.TopicArn)


def _answer(counts: dict[str, int]) -> Response[bytes]:
    return answer({"status": "success", "data": counts})


def _scope(request: Call) -> Any:
    """The request's scope, as ASGI's own functions want it."""
    return request.scope
