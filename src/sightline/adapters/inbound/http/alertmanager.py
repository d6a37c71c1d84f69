"""Alertmanager's API, version 2: alerts and groups, silences, receivers and the status; at the root and beneath /alertmanager.

Source: https://github.com/prometheus/alertmanager, version 2 of its API. Where versions answer differently, this is the later one.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.handlers import HTTPRouteHandler

from sightline.adapters.inbound.http.alertmanager_paths import HEALTHY, READY, ROOTS, STATUS, numbered
from sightline.adapters.inbound.http.inflight import Inflight
from sightline.adapters.inbound.http.json_body import check_format
from sightline.adapters.inbound.http.parameters import Parameters
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.unpacked import INLINE_BYTES, unpacked
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.adapters.wire.alertmanager_posted import AlertBounds, read_alerts
from sightline.adapters.wire.alertmanager_shown import alerts_json, groups_json
from sightline.adapters.wire.alertmanager_silences import read_silence, silence_object
from sightline.adapters.wire.instants import instant_text
from sightline.domain.alerts.matchers import parse_matchers
from sightline.domain.alerts.shown import Processing, ShownAlert, ShownGroup
from sightline.domain.alerts.silence import Silence, SilenceState
from sightline.domain.errors import BadData, InvalidField, NotFound
from sightline.domain.labels import Labels, Matchers, satisfies
from sightline.domain.regex import compiled_regex
from sightline.domain.tenancy import Principal
from sightline.domain.timerange import MAX_TIME

Call = Request[Principal, Any, Any]

_JSON: Final = "application/json"
_TEXT: Final = "text/plain"
_UNNAMED: Final = 601
_UUID: Final = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_YES: Final = frozenset({"true", "1", "yes", "ok", "y", "on", "selected", "checked", "t", "enabled"})
_INLINE_ALERTS: Final = 200
"""Of an answer: more are written in a thread and leave the loop to others."""
_ORDER: Final = (SilenceState.ACTIVE, SilenceState.PENDING, SilenceState.EXPIRED)


def routes(use_cases: UseCases, settings: DoorSettings, inflight: Inflight) -> list[HTTPRouteHandler]:
    """The handlers of this file."""
    return [
        *_alerts(use_cases, settings, inflight),
        *_silences(use_cases, settings, inflight),
        *_about(use_cases, settings),
    ]


def _alerts(use_cases: UseCases, settings: DoorSettings, inflight: Inflight) -> list[HTTPRouteHandler]:
    bounds = AlertBounds(settings.max_request_alerts, settings.max_alert_bytes)
    clock, pipeline, explaining = use_cases.clock, use_cases.alert_pipeline, use_cases.explain

    @get([f"{root}/alerts" for root in ROOTS])
    async def list_alerts(request: Call) -> Response[bytes]:
        now, wanted = clock.now(), _Wanted.of(request)
        shown, until = explaining.alerts(request.user), now + pipeline.resolve_timeout
        return _answer(await _made(len(shown), lambda: alerts_json(wanted.alerts(shown, now), until)))

    @get([f"{root}/alerts/groups" for root in ROOTS])
    async def list_groups(request: Call) -> Response[bytes]:
        now, wanted = clock.now(), _Wanted.of(request)
        groups, until = explaining.groups(request.user), now + pipeline.resolve_timeout
        size = sum(len(one.alerts) for one in groups)
        return _answer(await _made(size, lambda: groups_json(wanted.groups(groups, now), until)))

    @post([f"{root}/alerts" for root in ROOTS], status_code=200)
    async def post_alerts(request: Call) -> Response[bytes]:
        async with _sent(request, use_cases, settings, inflight) as body:
            now, timeout, tenant = clock.now(), pipeline.resolve_timeout, request.user.tenant
            try:
                if len(body) > INLINE_BYTES:
                    read = await asyncio.to_thread(read_alerts, body, tenant, now, timeout, bounds)
                else:
                    read = read_alerts(body, tenant, now, timeout, bounds)
            except InvalidField as error:
                return _misshapen(error)
            if read.alerts:
                await pipeline.post(request.user, read.alerts)
        if read.problems:
            raise BadData(read.problems)
        return _nothing()

    return [list_alerts, list_groups, post_alerts]


def _silences(use_cases: UseCases, settings: DoorSettings, inflight: Inflight) -> list[HTTPRouteHandler]:
    clock, silences = use_cases.clock, use_cases.silences

    @get([f"{root}/silences" for root in ROOTS])
    async def list_silences(request: Call) -> Response[bytes]:
        wanted = _filters(Parameters.of(request.scope["query_string"]))
        await silences.load()
        now, kept = clock.now(), silences.all(request.user)
        return _answer(await _made(len(kept), lambda: _listed(kept, wanted, now)))

    @post([f"{root}/silences" for root in ROOTS], status_code=200)
    async def post_silence(request: Call) -> Response[bytes]:
        async with _sent(request, use_cases, settings, inflight) as body:
            await silences.load()
            try:
                read = read_silence(body, lambda known: silences.one(request.user, known).recurrence)
                made = await silences.put(request.user, read)
            except InvalidField as error:
                return _misshapen(error)
            except NotFound as error:  # a text, as its clients want it
                return Response(msgspec.json.encode(error.message), status_code=404, media_type=_JSON)
        return _answer(msgspec.json.encode({"silenceID": made.id}))

    @get([f"{root}/silence/{{silence_id:str}}" for root in ROOTS])
    async def read_one(request: Call) -> Response[bytes]:
        named = request.path_params["silence_id"]
        if not _UUID.fullmatch(named):
            return _misnamed(named)
        await silences.load()
        found = silences.one(request.user, named.lower())
        return _answer(msgspec.json.encode(silence_object(found, clock.now())))

    @delete([f"{root}/silence/{{silence_id:str}}" for root in ROOTS], status_code=200)
    async def expire(request: Call) -> Response[bytes]:
        named = request.path_params["silence_id"]
        if not _UUID.fullmatch(named):
            return _misnamed(named)
        await silences.expire(request.user, named.lower())
        return _nothing()

    return [list_silences, post_silence, read_one, expire]


def _about(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    pipeline = use_cases.alert_pipeline

    @get([f"{root}/receivers" for root in ROOTS])
    async def receivers(request: Call) -> Response[bytes]:
        is_wanted = _receivers(Parameters.of(request.scope["query_string"]))
        return _answer(
            msgspec.json.encode([{"name": name} for name in pipeline.receivers if is_wanted is None or is_wanted(name)])
        )

    @get(STATUS)
    async def status() -> Response[bytes]:
        built = dict.fromkeys(("branch", "buildDate", "buildUser", "goVersion"), "")
        body = {
            "cluster": {"peers": [], "status": "disabled"},
            "config": {"original": pipeline.config_text},
            "uptime": instant_text(use_cases.program.started),
            "versionInfo": {**built, "revision": settings.revision, "version": settings.version},
        }
        return _answer(msgspec.json.encode(body))

    @get(HEALTHY)
    async def healthy() -> Response[str]:
        return Response("OK", media_type=_TEXT)

    @get(READY)
    async def ready() -> Response[str]:
        reason = use_cases.readiness()
        return Response(reason or "OK", status_code=503 if reason else 200, media_type=_TEXT)

    return [receivers, status, healthy, ready]


@asynccontextmanager
async def _sent(request: Call, use_cases: UseCases, settings: DoorSettings, inflight: Inflight) -> AsyncIterator[bytes]:
    """The body of a request that brings JSON, which counts against the bounds of all requests for as long as it is dealt with."""
    scope: Any = request.scope
    check_format(scope)
    with inflight.share() as share:
        yield await unpacked(scope, request.receive, settings, use_cases.telemetry, share)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which alerts a request asks for."""

    matchers: Matchers
    is_receiver: Callable[[str], bool] | None
    active: bool
    silenced: bool
    inhibited: bool
    muted: bool
    unprocessed: bool

    @classmethod
    def of(cls, request: Call) -> "_Wanted":
        """From its parameters.

        Raises:
            BadData: a matcher or the regex for receivers cannot be read.
        """
        given = Parameters.of(request.scope["query_string"])
        return cls(
            _filters(given),
            _receivers(given),
            *(_truth(given, name) for name in ("active", "silenced", "inhibited", "muted", "unprocessed")),
        )

    def alerts(self, shown: Iterable[ShownAlert], now: int) -> list[ShownAlert]:
        """Those of the alerts."""
        is_receiver = self.is_receiver
        if is_receiver is not None:
            shown = (one for one in shown if any(map(is_receiver, one.receivers)))
        return [one for one in shown if self._takes(one, now)]

    def groups(self, groups: Iterable[ShownGroup], now: int) -> list[ShownGroup]:
        """The groups that have any, with those alone."""
        found = []
        for group in groups:
            if self.is_receiver is None or self.is_receiver(group.receiver):
                alerts = tuple(one for one in group.alerts if self._takes(one, now))
                if alerts:
                    found.append(ShownGroup(group.key, group.labels, group.receiver, alerts))
        return found

    def _takes(self, shown: ShownAlert, now: int) -> bool:
        return (
            not shown.alert.has_ended(now)
            and (self.active or shown.state is not Processing.ACTIVE)
            and (self.unprocessed or shown.state is not Processing.UNPROCESSED)
            and (self.silenced or not shown.silenced_by)
            and (self.inhibited or not shown.inhibited_by)
            and (self.muted or not (shown.muted_by or shown.maintained_by))
            and satisfies(shown.alert.labels, self.matchers)
        )


def _filters(given: Parameters) -> Matchers:
    """The matchers of all parameters `filter`."""
    return tuple(matcher for text in given.every("filter") for matcher in parse_matchers(text))


def _receivers(given: Parameters) -> Callable[[str], bool] | None:
    """Whether a receiver is asked for, by the regex for its name and the matchers for its labels, of which ours have none.

    None where nothing is said of receivers.
    """
    name = given.text("receiver")
    matchers = tuple(one for text in given.every("receiver_matchers") for one in parse_matchers(text))
    if not satisfies(Labels(), matchers):
        return lambda _: False
    if name is None:
        return None
    try:
        regex = compiled_regex(f"^(?:{name})$")
    except BadData as error:
        raise BadData(f"failed to parse receiver param: {error.message}") from None
    return lambda one: regex.fullmatch(one) is not None


def _truth(given: Parameters, name: str) -> bool:
    """Yes where it is missing; whatever is not one of the words for yes is no."""
    text = given.text(name)
    return text is None or text.lower() in _YES


def _listed(kept: list[Silence], wanted: Matchers, now: int) -> bytes:
    """Those of the silences that have all these matchers."""
    found = [one for one in kept if set(wanted) <= set(one.matchers)]
    found.sort(key=lambda one: _place(one, now))
    return msgspec.json.encode([silence_object(one, now) for one in found])


def _place(silence: Silence, now: int) -> tuple[int, int]:
    """Where a silence stands in the list: active ones first, by their end; then by start; those that expired last first."""
    state = silence.state(now)
    ends_at = MAX_TIME if silence.ends_at is None else silence.ends_at
    by = {SilenceState.ACTIVE: ends_at, SilenceState.PENDING: silence.starts_at, SilenceState.EXPIRED: -ends_at}
    return _ORDER.index(state), by[state]


async def _made(size: int, make: Callable[[], bytes]) -> bytes:
    return make() if size <= _INLINE_ALERTS else await asyncio.to_thread(make)


def _answer(body: bytes) -> Response[bytes]:
    return Response(body, media_type=_JSON)


def _nothing() -> Response[bytes]:
    return Response(b"", media_type=_TEXT)


def _misshapen(error: InvalidField) -> Response[bytes]:
    return Response(numbered(error.detail["number"], error.message), status_code=422, media_type=_JSON)


def _misnamed(given: str) -> Response[bytes]:
    message = f'silenceID in path must be of type uuid: "{given[:200]}"'
    return Response(numbered(_UNNAMED, message), status_code=422, media_type=_JSON)
