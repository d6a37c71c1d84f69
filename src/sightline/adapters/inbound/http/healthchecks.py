"""Heartbeats by Healthchecks' management API, /api/v3, for scripts and clients that know it.

Source: https://healthchecks.io/docs/api/. X-Api-Key shows the same token as Authorization does elsewhere.
"""

from typing import Any, Final

from litestar import Request, Response, delete, get, post
from litestar.handlers import HTTPRouteHandler

from sightline.adapters.inbound.http import body
from sightline.adapters.inbound.http.healthchecks_paths import PREFIX
from sightline.adapters.inbound.http.json_body import answer
from sightline.adapters.inbound.http.parameters import Parameters
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.site import site_of
from sightline.adapters.inbound.http.use_cases import Heartbeats, UseCases
from sightline.adapters.wire import healthchecks as wire
from sightline.application.issue import fresh_token, with_token
from sightline.domain.errors import InvalidParameter, NotFound
from sightline.domain.probes.check import Check
from sightline.domain.probes.options import Heartbeat
from sightline.domain.tenancy import Principal
from sightline.domain.timerange import DAY, SECOND, TimeRange

Call = Request[Principal, Any, Any]

PATH: Final = f"{PREFIX}checks"
_ONE: Final = f"{PATH}/{{token:str}}"
_LIMIT: Final = "of a check"
_FLIPS: Final = 365 * DAY


def routes(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    """All handlers of this API; none where no pings are taken."""
    if use_cases.heartbeats is None:
        return []
    manage = _Manage(use_cases, use_cases.heartbeats, settings)
    return [*_reading(manage), *_writing(manage)]


def _reading(manage: "_Manage") -> list[HTTPRouteHandler]:
    @get(PATH)
    async def all_checks(request: Call) -> Response[bytes]:
        given = Parameters.of(request.scope["query_string"])
        slug, tags = given.text("slug"), given.every("tag")
        found = [one for one in await manage.all(request) if wire.has_tags(one, tags)]
        if slug is not None:
            found = [one for one in found if _options(one).slug == slug]
        return answer({"checks": [manage.shown(request, one) for one in found]})

    @get(_ONE)
    async def one_check(request: Call) -> Response[bytes]:
        return answer(manage.shown(request, await manage.one(request)))

    @get(f"{_ONE}/pings")
    async def pings(request: Call) -> Response[bytes]:
        check = await manage.one(request)
        url = manage.links(request).api(_options(check).token, "/pings/")
        found = await manage.beat.pings(request.user.tenant, check.id)
        return answer({"pings": [wire.shown_ping(one, f"{url}{one.number}/body") for one in found]})

    @get(f"{_ONE}/pings/{{number:int}}/body")
    async def ping_body(request: Call) -> Response[bytes]:
        check = await manage.one(request)
        found = await manage.beat.one_ping(request.user.tenant, check.id, request.path_params["number"])
        return Response(found.body, media_type="text/plain")

    @get(f"{_ONE}/flips")
    async def flips(request: Call) -> Response[bytes]:
        check = await manage.one(request)
        within = manage.within(Parameters.of(request.scope["query_string"]))
        found = await manage.use_cases.uptime.review.transitions(request.user, check.id, within)
        return answer(wire.flips(found, within.start))

    return [all_checks, one_check, pings, ping_body, flips]


def _writing(manage: "_Manage") -> list[HTTPRouteHandler]:
    enroll = manage.use_cases.uptime.enroll

    @post(PATH)
    async def create(request: Call) -> Response[bytes]:
        said = await manage.written(request)
        same = next((one for one in await manage.all(request) if wire.is_same(said, one)), None)
        if same is not None:
            definition = wire.definition_of(said, same.definition, "")
            return answer(manage.shown(request, await enroll.put(request.user, same.id, definition)))
        definition = wire.definition_of(said, None, f"heartbeat {fresh_token()[:8]}")
        (made,) = await enroll.add(request.user, (with_token(definition),))
        return answer(manage.shown(request, made), 201)

    @post(_ONE, status_code=200)
    async def update(request: Call) -> Response[bytes]:
        check = await manage.one(request)
        definition = wire.definition_of(await manage.written(request), check.definition, "")
        return answer(manage.shown(request, await enroll.put(request.user, check.id, definition)))

    @post([f"{_ONE}/pause", f"{_ONE}/resume"], status_code=200)
    async def switch(request: Call) -> Response[bytes]:
        check = await manage.one(request)
        enabled = str(request.scope["path"]).rstrip("/").endswith("/resume")
        return answer(manage.shown(request, await enroll.switch(request.user, check.id, enabled=enabled)))

    @delete(_ONE, status_code=200)
    async def remove(request: Call) -> Response[bytes]:
        check = await manage.one(request)
        said = manage.shown(request, check)
        await enroll.delete(request.user, check.id)
        return answer(said)

    return [create, update, switch, remove]


class _Manage:
    """What the handlers share."""

    def __init__(self, use_cases: UseCases, heartbeats: Heartbeats, settings: DoorSettings) -> None:
        self.use_cases = use_cases
        self.beat = heartbeats.beat
        self._settings = settings

    async def all(self, request: Call) -> list[Check]:
        await self.beat.load()
        found = await self.use_cases.uptime.enroll.all(request.user)
        return [one for one in found if isinstance(one.definition.options, Heartbeat)]

    async def one(self, request: Call) -> Check:
        await self.beat.load()
        found = self.beat.known.by_token(request.path_params["token"])
        if found is None or found[0] != request.user.tenant:
            raise NotFound("not found")
        return found[1]

    async def written(self, request: Call) -> wire.WrittenCheck:
        scope: Any = request.scope
        timeout = self._settings.read_timeout
        data = await body.read(scope, request.receive, limit=wire.MAX_BYTES, setting=_LIMIT, timeout=timeout)
        return wire.from_json(data)

    def links(self, request: Call) -> wire.Links:
        scope: Any = request.scope
        return wire.Links(site_of(scope, self._settings))

    def shown(self, request: Call, check: Check) -> dict[str, Any]:
        pulse, lines = self.beat.stands(request.user.tenant, check.id)
        return wire.shown(check, pulse, lines, self.links(request))

    def within(self, given: Parameters) -> TimeRange:
        """The time that flips are asked of: the last `seconds`, or from `start` to `end`."""
        now = self.use_cases.clock.now()
        seconds = given.text("seconds")
        if seconds is None:
            return TimeRange(given.time("start", now - _FLIPS), given.time("end", now))
        if not (seconds.isascii() and seconds.isdigit() and len(seconds) < 10):
            raise InvalidParameter("seconds: wants a whole number", parameter="seconds")
        return TimeRange(now - int(seconds) * SECOND, now)


def _options(check: Check) -> Heartbeat:
    options = check.definition.options
    if not isinstance(options, Heartbeat):
        raise NotFound("not found")
    return options
