"""Pings of heartbeats, straight from ASGI, at the addresses that Healthchecks, Uptime Kuma and Gatus have for them.

Who knows an address may ping: the secret is part of it, or for Gatus a bearer token, and no other token is asked for. Sources:
https://healthchecks.io/docs/http_api/, https://github.com/louislam/uptime-kuma/wiki (push monitors) and
https://github.com/TwiN/gatus#external-endpoints.
"""

import math
import re
import uuid
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from ipaddress import ip_address
from typing import Final

import msgspec

from sightline.adapters.inbound.http import body
from sightline.adapters.inbound.http.asgi import Headers, Receive, Scope, Send, header, respond
from sightline.adapters.inbound.http.inflight import Inflight
from sightline.adapters.inbound.http.parameters import Parameters
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.use_cases import Heartbeats
from sightline.application.enroll import Enroll
from sightline.application.issue import with_token
from sightline.application.recognize import endpoint_key
from sightline.domain.errors import Conflict, NotFound, Unauthenticated
from sightline.domain.probes.check import Check, Definition
from sightline.domain.probes.options import Heartbeat
from sightline.domain.probes.ping import MAX_AGENT, Ping, PingKind, ended
from sightline.domain.tenancy import Principal, Role, Tenant

OF_HEALTHCHECKS: Final = "/ping/"
OF_KUMA: Final = "/api/push/"
OF_GATUS: Final = "/api/v1/endpoints/"
_EXTERNAL: Final = "/external"
SECRET: Final = (OF_HEALTHCHECKS, OF_KUMA)
"""How paths begin that hold a secret: they are not to be written anywhere."""
PATHS: Final[Mapping[str, tuple[str, ...]]] = {
    "/ping/{token}": ("GET", "POST"),
    "/ping/{token}/{signal}": ("GET", "POST"),
    "/ping/{key}/{slug}/{signal}": ("GET", "POST"),
    "/api/push/{token}": ("GET", "POST"),
    "/api/v1/endpoints/{endpoint}/external": ("POST",),
}
"""What is served, with its methods, as the API's description has it; `/ping/{key}/{slug}` is the second of them."""

_LIMIT: Final = "pings.max_body_bytes"
_MAX_SAID: Final = 250
_SIGNALS: Final = {
    "": PingKind.SUCCESS,
    "start": PingKind.START,
    "fail": PingKind.FAIL,
    "log": PingKind.LOG,
}
_EXIT: Final = re.compile(r"[0-9]{1,9}")
_MAX_EXIT: Final = 255
_SLUG: Final = re.compile(r"[a-z0-9_-]{1,100}")
_GO_UNITS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_GO_PART: Final = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,15})?)(ns|us|µs|ms|s|m|h)", re.ASCII)
_GO: Final = re.compile(rf"(?:{_GO_PART.pattern}){{1,8}}", re.ASCII)
_TEXT: Final = "text/plain; charset=utf-8"
_JSON: Final = "application/json"
_READABLE: Final = ("Access-Control-Allow-Origin", "*")
_NOT_FOUND: Final = msgspec.json.encode({"ok": False, "msg": "Monitor not found or not active."})


class _Refused(Exception):
    """What Healthchecks says instead of OK."""

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class Pings:
    """The door of pings."""

    def __init__(self, heartbeats: Heartbeats, enroll: Enroll, settings: DoorSettings, inflight: Inflight) -> None:
        self._beat = heartbeats.beat
        self._keys = heartbeats.keys
        self._enroll = enroll
        self._settings = settings
        self._inflight = inflight
        limit = ("Ping-Body-Limit", str(settings.kept_ping_bytes))
        self._headers: Headers = (limit, _READABLE, ("Cache-Control", "no-store"))

    def takes(self, scope: Scope) -> bool:
        """Whether a request is a ping."""
        path: str = scope["path"]
        if path.startswith(OF_GATUS):
            return path.endswith(_EXTERNAL)
        return path.startswith(SECRET) and path not in SECRET

    def knows_host(self, scope: Scope) -> bool:
        """No host is let in for pings alone."""
        del scope
        return False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that it takes."""
        path: str = scope["path"]
        scope["path_template"] = _template(path)
        if scope["method"] == "OPTIONS":
            await respond(send, HTTPStatus.NO_CONTENT, headers=(("Allow", "GET, HEAD, POST"), _READABLE))
            return
        await self._beat.load()
        await self._keys.load()
        if path.startswith(OF_HEALTHCHECKS):
            await self._of_healthchecks(scope, receive, send)
        elif path.startswith(OF_KUMA):
            await self._of_kuma(scope, send)
        else:
            await self._of_gatus(scope, send)

    # Healthchecks

    async def _of_healthchecks(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in {"GET", "POST"}:
            await respond(send, HTTPStatus.METHOD_NOT_ALLOWED, headers=(("Allow", "GET, HEAD, POST"),))
            return
        given = Parameters.of(scope["query_string"])
        try:
            known, slug, signal = self._meant(scope["path"])
            kind, exit_status = _signal(signal)
            run = _run(given)
            check, made = await self._check(known, slug, is_new_welcome=given.text("create") == "1")
            with self._inflight.share() as share:
                said = await body.read(
                    scope,
                    receive,
                    limit=self._settings.max_ping_bytes,
                    setting=_LIMIT,
                    timeout=self._settings.read_timeout,
                    growing=share.hold,
                )
                ping = Ping(kind=kind, exit_status=exit_status, run=run, body=said[: self._settings.kept_ping_bytes])
                await self._beat.ping(check.id, _sent(ping, scope))
        except _Refused as refused:
            await respond(send, refused.status, refused.text.encode(), _TEXT, self._headers)
            return
        status, text = (HTTPStatus.CREATED, b"Created") if made else (HTTPStatus.OK, b"OK")
        await respond(send, status, text, _TEXT, self._headers)

    def _meant(self, path: str) -> tuple[Check | Tenant, str, str]:
        """The heartbeat that an address leads to, or whose key it has and the slug; and the signal."""
        first, *more = path.removeprefix(OF_HEALTHCHECKS).removesuffix("/").split("/")
        found = self._beat.known.by_token(first)
        if found is not None and len(more) <= 1:
            return found[1], "", "".join(more)
        tenant = self._keys.tenant_of(first)
        if tenant is None or not 1 <= len(more) <= 2 or not _SLUG.fullmatch(more[0]):
            raise _Refused(HTTPStatus.NOT_FOUND, "not found")
        return tenant, more[0], "".join(more[1:])

    async def _check(self, known: Check | Tenant, slug: str, *, is_new_welcome: bool) -> tuple[Check, bool]:
        """The heartbeat, and whether it was made for this ping."""
        if isinstance(known, Check):
            return known, False
        found = self._beat.known.by_slug(known, slug)
        if not found and is_new_welcome:
            written = with_token(Definition(name=slug, options=Heartbeat(slug=slug)))
            try:
                (made,) = await self._enroll.add(Principal("ping key", known, Role.WRITER), (written,))
            except Conflict as error:  # somebody else made it meanwhile; or a check of another kind is called so
                found = self._beat.known.by_slug(known, slug)
                if not found:
                    raise _Refused(HTTPStatus.CONFLICT, error.message) from None
            else:
                return made, True
        if not found:
            raise _Refused(HTTPStatus.NOT_FOUND, "not found")
        if len(found) > 1:
            raise _Refused(HTTPStatus.CONFLICT, "ambiguous slug")
        return found[0], False

    # Uptime Kuma

    async def _of_kuma(self, scope: Scope, send: Send) -> None:
        found = self._beat.known.by_token(scope["path"].removeprefix(OF_KUMA).removesuffix("/"))
        if found is None or not found[1].definition.enabled:
            await respond(send, HTTPStatus.NOT_FOUND, _NOT_FOUND, _JSON, (_READABLE,))
            return
        given = Parameters.of(scope["query_string"])
        is_up = (given.text("status") or "up") == "up"
        ping = Ping(
            kind=PingKind.SUCCESS if is_up else PingKind.FAIL,
            seconds=_milliseconds(given.text("ping")),
            said=(given.text("msg") or "")[:_MAX_SAID],
        )
        await self._beat.ping(found[1].id, _sent(ping, scope))
        await respond(send, HTTPStatus.OK, b'{"ok":true}', _JSON, (_READABLE,))

    # Gatus

    async def _of_gatus(self, scope: Scope, send: Send) -> None:
        if scope["method"] != "POST":
            await respond(send, HTTPStatus.METHOD_NOT_ALLOWED, headers=(("Allow", "POST"),))
            return
        scheme, _, token = (header(scope, b"authorization") or "").partition(" ")
        found = self._beat.known.by_token(token.strip()) if scheme.lower() == "bearer" else None
        if found is None:
            raise Unauthenticated("invalid token" if token else "bearer token must not be empty")
        check = found[1]
        if scope["path"].removeprefix(OF_GATUS).removesuffix(_EXTERNAL) != endpoint_key(check):
            raise NotFound(f"the token is for the endpoint {endpoint_key(check)}, and the address has another")
        given = Parameters.of(scope["query_string"])
        success, seconds = given.text("success"), 0.0
        if success not in {"true", "false"}:
            await respond(send, HTTPStatus.BAD_REQUEST, b"invalid success value: write true or false", _TEXT)
            return
        duration = given.text("duration")
        if duration is not None:
            found_seconds = _go_seconds(duration)
            if found_seconds is None:
                await respond(send, HTTPStatus.BAD_REQUEST, b"invalid duration: write 150ms or 1.5s", _TEXT)
                return
            seconds = found_seconds
        ping = Ping(
            kind=PingKind.SUCCESS if success == "true" else PingKind.FAIL,
            seconds=seconds if duration is not None else None,
            said=(given.text("error") or "")[:_MAX_SAID],
        )
        await self._beat.ping(check.id, _sent(ping, scope))
        await respond(send, HTTPStatus.OK)


def _template(path: str) -> str:
    """The path as the API's description has it: what is counted must not hold a secret."""
    names = tuple(PATHS)
    if path.startswith(OF_KUMA):
        return names[3]
    if path.startswith(OF_GATUS):
        return names[4]
    return names[min(path.removesuffix("/").count("/"), 4) - 2]


def _signal(text: str) -> tuple[PingKind, int | None]:
    if text in _SIGNALS:
        return _SIGNALS[text], None
    if _EXIT.fullmatch(text) is None:
        raise _Refused(HTTPStatus.NOT_FOUND, "not found")
    if int(text) > _MAX_EXIT:
        raise _Refused(HTTPStatus.BAD_REQUEST, "invalid url format")
    return ended(int(text)), int(text)


def _run(given: Parameters) -> str:
    text = given.text("rid")
    if text is None:
        return ""
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise _Refused(HTTPStatus.BAD_REQUEST, "invalid uuid format") from None


def _sent(ping: Ping, scope: Scope) -> Ping:
    """A ping with who sent it, and how: kept to be shown, and believed for nothing else."""
    client = scope.get("client")
    forwarded = (header(scope, b"x-forwarded-for") or "").partition(",")[0].strip()
    scheme = (header(scope, b"x-forwarded-proto") or scope.get("scheme", "http")).lower()
    return replace(
        ping,
        remote=_address(forwarded) or (client[0] if client else ""),
        scheme="https" if scheme == "https" else "http",
        method=scope["method"],
        agent=_shown(header(scope, b"user-agent") or "")[:MAX_AGENT],
    )


def _address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        return ""


def _shown(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())


def _milliseconds(text: str | None) -> float | None:
    """Seconds, from a number of milliseconds; None where it is none."""
    try:
        found = float(text or "")
    except ValueError:
        return None
    return found / 1000 if math.isfinite(found) and found >= 0 else None


def _go_seconds(text: str) -> float | None:
    """Seconds, from a duration as Go writes it; None where it is none."""
    if text == "0" or _GO.fullmatch(text) is None:
        return 0.0 if text == "0" else None
    return sum(float(number) * _GO_UNITS[unit] for number, unit in _GO_PART.findall(text))


def unsecret(scope: Scope) -> str:
    """The path of a request as it may be written down."""
    path: str = scope["path"]
    return _template(path) if path.startswith(SECRET) else path
