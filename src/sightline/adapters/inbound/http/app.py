"""The HTTP and WebSocket door: one ASGI application.

A thin dispatcher stands in front. It checks who comes in, hands remote write, queries and the live stream to what speaks ASGI
itself and everything else to the framework, turns failures into envelopes, and counts.
"""

import time
from http import HTTPStatus
from typing import Any, Final, Protocol

import structlog
from litestar import Litestar, Request, Response
from litestar.exceptions import ClientException, MethodNotAllowedException, NotFoundException
from litestar.handlers import HTTPRouteHandler

from sightline.adapters.inbound.http import (
    admin,
    alert_rules,
    alertmanager,
    alertmanager_paths,
    backtests,
    check_files,
    checks,
    containers,
    cors,
    dashboards,
    declared,
    docs,
    exemplars,
    federation,
    formatting,
    health,
    healthchecks,
    heartbeats,
    incidents,
    influx_paths,
    influx_queries,
    instruments,
    lifecycle,
    location_paths,
    locations,
    notices,
    otlp,
    prometheus,
    pushgateway,
    radar,
    reports,
    servers,
    status,
    status_pages,
    targets,
    text_import,
    traces,
    ui,
    webhooks,
    windows,
)
from sightline.adapters.inbound.http.access import Access
from sightline.adapters.inbound.http.asgi import ANSWER, MEMO, App, Message, Receive, Scope, Send, header, respond
from sightline.adapters.inbound.http.badges import Badges
from sightline.adapters.inbound.http.body import BodyStalled, ClientGone
from sightline.adapters.inbound.http.errors import INTERNAL, Refusal, refusal
from sightline.adapters.inbound.http.inflight import Inflight
from sightline.adapters.inbound.http.influx import InfluxIntake
from sightline.adapters.inbound.http.intake import PATHS as INTAKE_PATHS
from sightline.adapters.inbound.http.intake import Intake
from sightline.adapters.inbound.http.pings import Pings, unsecret
from sightline.adapters.inbound.http.public_pages import PublicPages
from sightline.adapters.inbound.http.queries import Queries
from sightline.adapters.inbound.http.remote_read import PATH as READ_PATH
from sightline.adapters.inbound.http.remote_read import RemoteRead
from sightline.adapters.inbound.http.report_intake import PATH as REPORT_PATH
from sightline.adapters.inbound.http.report_intake import ReportIntake
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.shapes import shape_of
from sightline.adapters.inbound.http.stream import PATH as STREAM_PATH
from sightline.adapters.inbound.http.stream import dialect as stream_dialect
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.adapters.inbound.http.websocket import PATH as LIVE_PATH
from sightline.adapters.inbound.http.websocket import Live, Seats
from sightline.domain.errors import BadData, NotFound, SightlineError
from sightline.ports.telemetry import Telemetry

_log: Final = structlog.get_logger("sightline.http")

_JSON: Final = "application/json"
_POLICY_VIOLATION: Final = 1008
_INTERNAL_ERROR: Final = 1011
_OPEN: Final = health.OPEN | ui.OPEN | docs.OPEN | influx_paths.OPEN | alertmanager_paths.OPEN | location_paths.OPEN
_NOSNIFF: Final = (b"x-content-type-options", b"nosniff")


def build(use_cases: UseCases, settings: DoorSettings) -> App:
    """The application. It holds no resource that would have to be closed; `settings.token` None lets everybody in."""
    return _Door(use_cases, settings)


class _Public(Protocol):
    """What is open to everybody, straight from ASGI."""

    def takes(self, scope: Scope) -> bool:
        """Whether a request is for it."""
        ...

    def knows_host(self, scope: Scope) -> bool:
        """Whether it knows the host that a request is for, which need be none of ours then."""
        ...

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        ...


class _Door:
    """The dispatcher."""

    def __init__(self, use_cases: UseCases, settings: DoorSettings) -> None:
        self._access = Access(settings)
        self._telemetry: Telemetry = use_cases.telemetry
        inflight = Inflight(settings.max_inflight_bytes, use_cases.telemetry)
        self._intake: dict[str, App] = {
            **dict.fromkeys(INTAKE_PATHS, Intake(use_cases, settings, inflight)),
            **dict.fromkeys(influx_paths.WRITE | influx_paths.WRITE_V2, InfluxIntake(use_cases, settings, inflight)),
            REPORT_PATH: ReportIntake(use_cases, settings, inflight),
            READ_PATH: RemoteRead(use_cases, settings, inflight),
            **otlp.doors(use_cases, settings, inflight),
        }
        seats = Seats(settings.max_websockets, use_cases.telemetry)
        self._live = {
            LIVE_PATH: Live(use_cases, settings, seats),
            STREAM_PATH: Live(use_cases, settings, seats, stream_dialect(use_cases.servers)),
        }
        self._queries = Queries(use_cases, settings)
        pages = use_cases.pages
        public: list[_Public] = [] if pages is None else [PublicPages(pages, settings), Badges(pages, self._access)]
        if use_cases.heartbeats is not None:
            public.append(Pings(use_cases.heartbeats, use_cases.uptime.enroll, settings, inflight))
        self._public = tuple(public)
        self._framework = _framework(use_cases, settings, inflight)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await _lifespan(receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = _Answer(scope, send, self._access.foreign_origin(scope))
        if answer.bodiless:
            scope = {**scope, "method": "GET"}  # a copy, for the server still needs to know
        started = time.perf_counter()
        try:
            public = next((one for one in self._public if one.takes(scope)), None)
            if public is not None:
                self._access.check_names(scope, is_known=public.knows_host(scope))
            await (public or self._route)(scope, receive, answer)
        except ClientGone:
            answer.status = 499
        except BodyStalled:
            await _refuse(
                scope, answer, Refusal("request_timeout", "the body did not arrive in time", (("Connection", "close"),))
            )
        except SightlineError as error:
            if answer.status:
                raise  # the head is out, as of a stream: likewise
            if refusal(error).status == HTTPStatus.INTERNAL_SERVER_ERROR:
                _log.exception("request failed", method=scope["method"], path=unsecret(scope))
            await _refuse(scope, answer, refusal(error))
        except MethodNotAllowedException as error:
            await _refuse(scope, answer, _not_allowed(scope, (error.headers or {}).get("allow", "")))
        except Exception:  # the outermost loop of a request
            if answer.status:
                raise  # the head is out: the server logs it and breaks the connection, for the body is not whole
            _log.exception("request failed", method=scope["method"], path=unsecret(scope))
            await _refuse(scope, answer, INTERNAL)
        finally:
            template = scope.get("path_template") or instruments.UNMATCHED
            self._telemetry.add(instruments.REQUESTS, 1, (template, str(answer.status)))
            self._telemetry.observe(instruments.SECONDS, time.perf_counter() - started, (template,))

    async def _route(self, scope: Scope, receive: Receive, send: "_Answer") -> None:
        path = scope["path"]
        memo = scope.get(MEMO)
        if memo:  # the head was let in before
            scope["user"] = memo["user"]
        else:
            self._access.check_names(scope)
            if cors.is_preflight(scope) and self._access.foreign_origin(scope) is not None:
                await cors.allow(send)
                return
            if path not in _OPEN and not path.startswith(ui.PREFIX):
                scope["user"] = self._access.principal(scope)
                if memo is not None:
                    memo["user"] = scope["user"]
        if path in self._intake:
            scope["path_template"] = path
            if scope["method"] == "OPTIONS":
                await respond(send, HTTPStatus.NO_CONTENT.value, headers=(("Allow", "POST, OPTIONS"),))
            elif scope["method"] != "POST":
                await _refuse(scope, send, _not_allowed(scope, "POST"))
            else:
                await self._intake[path](scope, receive, send)
        elif self._queries.takes(scope):
            await self._queries(scope, receive, send)
        elif path in self._live:
            raise BadData(f"{path} is a WebSocket: connect to it with ws:// or wss://")
        else:
            await self._framework(scope, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        said = _Said(send)
        status = HTTPStatus.SWITCHING_PROTOCOLS
        try:
            await self._connect(scope, receive, said)
        except SightlineError as error:
            status = refusal(error).status
            await _end_websocket(scope, said, refusal(error))
        except Exception:  # noqa: BLE001 - the outermost loop of a connection
            _log.exception("connection failed", path=scope["path"])
            status = INTERNAL.status
            await _end_websocket(scope, said, INTERNAL)
        finally:
            template = scope["path"] if scope["path"] in self._live else instruments.UNMATCHED
            self._telemetry.add(instruments.REQUESTS, 1, (template, str(status.value)))

    async def _connect(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._access.check_names(scope)
        scope["user"] = self._access.principal(scope)
        live = self._live.get(scope["path"])
        if live is None:
            raise NotFound(f"there is no WebSocket at {scope['path'][:200]}; streams are at {' and '.join(self._live)}")
        await live(scope, receive, send)


class _Answer:
    """`send`, with an eye on the status, headers that every answer has, and no body where HEAD asked.

    shape: of a refusal's body.
    """

    def __init__(self, scope: Scope, send: Send, reader: str | None) -> None:
        self._send = send
        self._headers = [_NOSNIFF, *(cors.readable_by(reader) if reader is not None else ())]
        self.bodiless = scope["method"] == "HEAD"
        self.shape = shape_of(scope["path"])
        answer = scope.pop(ANSWER, None)  # the scope and what it answers would keep each other alive
        self._answer = None if self.bodiless else answer
        self.status = 0

    def at_once(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> bool:
        """Send a whole response as one write; false, and nothing is sent, when that cannot be."""
        if self._answer is None or not self._answer(status, (*headers, *self._headers), body):
            return False
        self.status = status
        return True

    async def __call__(self, message: Message) -> None:
        """Pass one message on."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message["headers"], *self._headers]
        elif self.bodiless and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await self._send(message)


class _Said:
    """`send`, remembering what was said last, for that decides how a connection may end."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.last = ""

    async def __call__(self, message: Message) -> None:
        """Pass one message on."""
        self.last = message["type"]
        await self._send(message)


def handlers(use_cases: UseCases, settings: DoorSettings, inflight: Inflight) -> list[HTTPRouteHandler]:
    """Everything that the framework serves; openapi/ describes it, and what the dispatcher takes by itself, one by one."""
    return [
        *prometheus.routes(use_cases, settings),
        *admin.routes(use_cases, settings),
        *exemplars.routes(use_cases, settings),
        *formatting.routes(settings),
        *status.routes(use_cases, settings),
        *status_pages.routes(use_cases, settings),
        *federation.routes(use_cases, settings),
        *influx_queries.routes(use_cases, settings),
        *text_import.routes(use_cases, settings, inflight),
        *pushgateway.routes(use_cases, settings, inflight),
        *alertmanager.routes(use_cases, settings, inflight),
        *backtests.routes(use_cases, settings),
        *webhooks.routes(use_cases, settings, inflight),
        *dashboards.routes(use_cases, settings),
        *alert_rules.routes(use_cases, settings),
        *checks.routes(use_cases, settings),
        *check_files.routes(use_cases, settings),
        *declared.routes(use_cases, settings),
        *incidents.routes(use_cases, settings),
        *traces.routes(use_cases, settings),
        *locations.routes(use_cases, settings),
        *servers.routes(use_cases, settings),
        *targets.routes(use_cases, settings),
        *radar.routes(use_cases, settings),
        *reports.routes(use_cases, settings),
        *notices.routes(use_cases, settings),
        *containers.routes(use_cases, settings),
        *windows.routes(use_cases, settings),
        *heartbeats.routes(use_cases, settings),
        *healthchecks.routes(use_cases, settings),
        *health.routes(use_cases, settings),
        *lifecycle.routes(use_cases, settings),
        *docs.routes(settings),
        *ui.routes(settings),
    ]


def _framework(use_cases: UseCases, settings: DoorSettings, inflight: Inflight) -> App:
    app: Any = Litestar(
        handlers(use_cases, settings, inflight),
        exception_handlers={Exception: _pass_on},
        openapi_config=None,
        logging_config=None,
        request_max_body_size=None,
    )

    async def framework(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        except NotFoundException:
            raise NotFound(f"there is nothing at {scope['path'][:200]}") from None
        except MethodNotAllowedException:
            raise
        except ClientException as error:
            raise BadData(error.detail) from None

    return framework


def _pass_on(_: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Failures are rendered in one place, the dispatcher."""
    raise error


def _not_allowed(scope: Scope, allowed: str) -> Refusal:
    message = f"{scope['path'][:200]} does not take {scope['method'][:20]}; it takes {allowed}"
    return Refusal("method_not_allowed", message, (("Allow", allowed),))


async def _refuse(scope: Scope, send: _Answer, refused: Refusal) -> None:
    """Answer a failure, in the words of the protocol that the path belongs to."""
    body, media_type = send.shape.said(refused, header(scope, b"content-type"))
    await respond(send, refused.status.value, body, media_type, refused.headers)


async def _end_websocket(scope: Scope, send: _Said, refused: Refusal) -> None:
    """Refuse a connection with a response, where the server can send one; end an open one with a close."""
    if send.last == "websocket.close":
        return
    if send.last or "websocket.http.response" not in scope.get("extensions", {}):
        code = _INTERNAL_ERROR if send.last else _POLICY_VIOLATION
        await send({"type": "websocket.close", "code": code, "reason": refused.message[:120]})
        return
    body = refused.body()
    headers = [(b"content-type", _JSON.encode()), (b"content-length", str(len(body)).encode())]
    headers += [(name.lower().encode(), value.encode()) for name, value in refused.headers]
    await send({"type": "websocket.http.response.start", "status": refused.status.value, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})


async def _lifespan(receive: Receive, send: Send) -> None:
    """Nothing is opened or closed here: the composition root owns every resource."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
