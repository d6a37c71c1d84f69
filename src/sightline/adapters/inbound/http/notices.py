"""Who is told of alerts, who was and why, and whether channels work."""

from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler

from sightline.adapters.inbound.http.alerts import rfc3339
from sightline.adapters.inbound.http.forms import parameters
from sightline.adapters.inbound.http.json_body import answer, read_json
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.adapters.wire import fields
from sightline.adapters.wire.alertmanager_shown import alert_object
from sightline.application.deliver import ChannelStatus, Decision
from sightline.domain.alerts.matchers import matcher_text, matchers_text
from sightline.domain.alerts.pipeline.plan import Channel
from sightline.domain.alerts.pipeline.why import ChannelWhy, GroupWhy, Why
from sightline.domain.alerts.route import RouteDecision
from sightline.domain.alerts.rule import ALERT_NAME
from sightline.domain.tenancy import Principal

Call = Request[Principal, Any, Any]

_LIMIT: Final = "http.max_form_bytes"
_LATEST: Final = 200


class _Test(msgspec.Struct):
    """What asks for a test."""

    channel: str


_DECODER: Final = msgspec.json.Decoder(_Test)
_EXPECTED: Final = {"channel": "the key of a channel, as GET /api/v1/receivers shows it"}


def routes(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    """The handlers of this file."""
    pipeline, delivering = use_cases.alert_pipeline, use_cases.deliver

    @get("/api/v1/notices")
    async def history(request: Call) -> Response[bytes]:
        given = await parameters(request, settings)
        receiver, name, limit = given.text("receiver"), given.text("alertname"), given.limit()
        found = (one for one in delivering.history(request.user) if _is_wanted(one, receiver, name))
        return _answer({"notices": [_decision(one) for one in islice(found, _LATEST if limit is None else limit)]})

    @get("/api/v1/notices/why")
    async def why(request: Call) -> Response[bytes]:
        given = await parameters(request, settings)
        problems = {one.channel.key: one.problem for one in delivering.channels()}
        found = use_cases.explain.why(request.user, given.required("fingerprint"))
        return _answer(_why(found, use_cases.clock.now() + pipeline.resolve_timeout, problems))

    @get("/api/v1/receivers")
    async def receivers() -> Response[bytes]:
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in pipeline.receivers}
        for status in delivering.channels():
            found[status.channel.receiver].append(_status(status))
        return _answer({"receivers": [{"name": name, "channels": its} for name, its in found.items()]})

    @post("/api/v1/receivers/test", status_code=200)
    async def test(request: Call) -> Response[bytes]:
        sent = fields.decode(_DECODER, await read_json(request, settings), _EXPECTED)
        await delivering.test(request.user, sent.channel)
        return _answer({"channel": sent.channel})

    return [history, why, receivers, test]


def _answer(data: dict[str, Any]) -> Response[bytes]:
    return answer({"status": "success", "data": data})


def _is_wanted(one: Decision, receiver: str | None, name: str | None) -> bool:
    return (receiver is None or one.channel.receiver == receiver) and (
        name is None or any(labels.get(ALERT_NAME) == name for labels in one.alerts)
    )


def _decision(one: Decision) -> dict[str, Any]:
    return {
        "at": rfc3339(one.at),
        **_named(one.channel),
        "told": one.told,
        "reason": one.reason.value,
        "because": "" if one.because is None else one.because.value,
        "attempts": one.attempts,
        "problem": one.problem,
        "groupKey": one.group_key,
        "groupLabels": dict(one.group_labels),
        "alerts": [dict(labels) for labels in one.alerts],
        "id": one.notification,
    }


def _named(channel: Channel) -> dict[str, str]:
    return {"receiver": channel.receiver, "channel": channel.key, "kind": channel.kind}


def _status(status: ChannelStatus) -> dict[str, Any]:
    channel = status.channel
    return {
        "key": channel.key,
        "kind": channel.kind,
        "circuit": status.circuit.value,
        "owed": status.owed,
        "problem": status.problem,
        "sendsResolved": channel.manners.sends_resolved,
        "whenMuted": channel.manners.when_muted.value,
    }


def _why(found: Why, unless_ended: int, problems: Mapping[str, str]) -> dict[str, Any]:
    return {
        "alert": alert_object(found.alert, unless_ended),
        "routes": [_route(one) for one in found.routes],
        "groups": [_group(one, problems) for one in found.groups],
    }


def _route(one: RouteDecision) -> dict[str, Any]:
    return {
        "route": matchers_text(one.route.matchers),
        "receiver": one.route.receiver,
        "reason": one.reason.value,
        "failed": None if one.failed is None else matcher_text(one.failed),
    }


def _group(one: GroupWhy, problems: Mapping[str, str]) -> dict[str, Any]:
    return {
        "key": one.key,
        "labels": dict(one.labels),
        "receiver": one.receiver,
        "nextLookAt": rfc3339(one.look_at),
        "channels": [_channel(each, problems.get(each.channel.key, "")) for each in one.channels],
    }


def _channel(one: ChannelWhy, problem: str) -> dict[str, Any]:
    return {
        "channel": one.channel.key,
        "kind": one.channel.kind,
        "told": one.told,
        "reason": one.reason.value,
        "by": list(one.by),
        "lastToldAt": None if one.told_at is None else rfc3339(one.told_at),
        "owed": one.is_owed,
        "problem": problem if one.is_owed else "",
    }
