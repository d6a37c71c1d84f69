"""Status pages for everybody, straight from ASGI: readers come in thousands when something is wrong, and need no token.

A page that is protected asks for its password, once by a form, which leaves a cookie, or as HTTP's Basic from programs. A page
with a domain of its own is the root of that site.
"""

import base64
import binascii
import ipaddress
from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from typing import Final

from sightline.adapters.inbound.http.access import name_of
from sightline.adapters.inbound.http.asgi import Headers, Receive, Scope, Send, header, respond
from sightline.adapters.inbound.http.delivery import accepts_gzip
from sightline.adapters.inbound.http.errors import Refusal
from sightline.adapters.inbound.http.forms import fields
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.site import site_of
from sightline.adapters.inbound.http.use_cases import Pages
from sightline.adapters.wire.status.feed import CONTENT_TYPE as RSS
from sightline.adapters.wire.status.feed import feed_at
from sightline.adapters.wire.status.html import login_html, message_html
from sightline.application.directory import Directory, Published
from sightline.application.publish import Rendered
from sightline.application.subscribe import Subscribe
from sightline.application.unlock import REMEMBERED_FOR
from sightline.domain.errors import BadData, NotFound, Overloaded, SightlineError
from sightline.domain.probes.status_page import StatusPage, address_of
from sightline.domain.timerange import SECOND

PREFIX: Final = "/status/"
PATHS: Final[Mapping[str, tuple[str, ...]]] = {
    "/status/{slug}": ("GET",),
    "/status/{slug}.json": ("GET",),
    "/status/{slug}/feed.xml": ("GET",),
    "/status/{slug}/login": ("POST",),
    "/status/{slug}/subscribe": ("POST",),
    "/status/{slug}/confirm": ("GET", "POST"),
    "/status/{slug}/unsubscribe": ("GET", "POST"),
}
"""What is served, with its methods, as the API's description has it."""
HTML: Final = "html"
JSON: Final = "json"
FEED: Final = "feed"
COOKIE: Final = "sightline_status_"
_MAX_ADDRESS: Final = 64

_TYPES: Final = {HTML: "text/html; charset=utf-8", JSON: "application/json", FEED: RSS}
_ENDINGS: Final = {"": HTML, ".json": JSON}
_TEMPLATES: Final = {HTML: "/status/{slug}", JSON: "/status/{slug}.json", FEED: "/status/{slug}/feed.xml"}
_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'self'"
)
_SAFE: Final[Headers] = (
    ("Content-Security-Policy", _POLICY),
    ("Referrer-Policy", "same-origin"),
    ("X-Frame-Options", "SAMEORIGIN"),
)
_OPEN: Final = ("Cache-Control", "public, max-age=5, stale-while-revalidate=25")
_CLOSED: Final = ("Cache-Control", "private, no-cache")
_NEVER: Final = ("Cache-Control", "no-store")
_READABLE: Final = ("Access-Control-Allow-Origin", "*")
_MASK: Final = 'Basic realm="status page", charset="UTF-8"'


class PublicPages:
    """The door of status pages."""

    def __init__(self, pages: Pages, settings: DoorSettings) -> None:
        self._publish = pages.publish
        self._unlock = pages.unlock
        self._subscribe = pages.subscribe
        self._settings = settings

    def takes(self, scope: Scope) -> bool:
        """Whether a request is for a page: by its path, or as the root of the page's own site."""
        path: str = scope["path"]
        if not path.startswith(PREFIX) and path != "/":
            return False
        self._publish.directory.keep_current()
        return path != "/" or self._of_host(scope) is not None

    def knows_host(self, scope: Scope) -> bool:
        """Whether a request came by the domain of a page; of that page or of any other, for all of them are public."""
        return self._of_host(scope) is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that it takes."""
        path = scope["path"]
        if path == "/":
            scope["path_template"] = "/status/{slug}"
            slug, rest = self._of_host_or_fail(scope).page.slug, ""
        else:
            slug, _, rest = path[len(PREFIX) :].partition("/")
        if not rest:
            slug, dot, ending = slug.partition(".")
            await self._show(scope, send, slug, _ENDINGS.get(dot + ending, ""))
        elif rest == "feed.xml":
            await self._show(scope, send, slug, FEED)
        elif rest == "login":
            await self._login(scope, receive, send, slug)
        elif rest in {"subscribe", "confirm", "unsubscribe"}:
            scope["path_template"] = f"/status/{{slug}}/{rest}"
            published = await self._found(slug)
            await _Subscription(self._subscribe, self._settings, published).answer(scope, receive, send, rest)
        else:
            raise NotFound(f"there is nothing at {path[:200]}")

    async def _show(self, scope: Scope, send: Send, slug: str, form: str) -> None:
        if form not in _TYPES:
            raise NotFound(f"there is nothing at {scope['path'][:200]}")
        scope["path_template"] = _TEMPLATES[form]
        if scope["method"] != "GET":
            await _not_allowed(send, "GET, HEAD")
            return
        published = self._publish.directory.of_slug(slug)
        if published is None or self._publish.directory.is_old:
            published = await self._found(slug)
        page = published.page
        if page.password and not await self._may(scope, page, _caller(scope)):
            await self._ask(send, page, form)
            return
        found = self._publish.at_once(slug, form) or await self._publish.read(published, form)
        if form == FEED:  # readers keep its links elsewhere, so that these are whole, and lead to where this one came
            found = _at(found, address_of(page, site_of(scope, self._settings)))
        await _send(scope, send, found, form, is_open=not page.password)

    async def _found(self, slug: str) -> Published:
        published = await self._publish.directory.find(slug)
        if published is None:
            raise NotFound(f"there is no status page {slug[:80]!r}")
        return published

    def _of_host(self, scope: Scope) -> Published | None:
        return of_host(self._publish.directory, scope)

    def _of_host_or_fail(self, scope: Scope) -> Published:
        found = self._of_host(scope)
        if found is None:
            raise NotFound("there is no status page of this domain")
        return found

    async def _may(self, scope: Scope, page: StatusPage, caller: str) -> bool:
        """Whether a request shows that its sender knows the password."""
        token = _cookie(scope, COOKIE + page.slug)
        if token and await self._unlock.opens(page, token):
            return True
        password = _basic(scope)
        return password is not None and await self._unlock.try_password(page, password, caller) is not None

    async def _ask(self, send: Send, page: StatusPage, form: str) -> None:
        """Ask for the password: with a form in a browser, by HTTP's own word where a program reads."""
        how = ("WWW-Authenticate", _MASK if form != HTML else "Form")
        if form == HTML:
            await _page(send, HTTPStatus.UNAUTHORIZED, login_html(page), (how,))
            return
        said = Refusal("unauthenticated", "the page is protected: send its password as HTTP's Basic has it")
        await respond(send, HTTPStatus.UNAUTHORIZED, said.body(), "application/json", (how, _NEVER))

    async def _login(self, scope: Scope, receive: Receive, send: Send, slug: str) -> None:
        scope["path_template"] = "/status/{slug}/login"
        published = await self._found(slug)
        page, place = published.page, ("Location", f"{PREFIX}{slug}")
        if scope["method"] != "POST" or not page.password:
            await respond(send, HTTPStatus.SEE_OTHER, headers=(place, _NEVER))
            return
        given = await fields(scope, receive, self._settings)
        try:
            token = await self._unlock.try_password(page, given.text("password") or "", _caller(scope))
        except Overloaded as error:
            wait = ("Retry-After", str(max(1, round(error.detail["retry_after"]))))
            body = login_html(page, "Too many passwords were tried. Wait a minute, then try again.")
            await _page(send, HTTPStatus.TOO_MANY_REQUESTS, body, (wait,))
            return
        if token is None:
            await _page(send, HTTPStatus.UNAUTHORIZED, login_html(page, "This is not the password."))
            return
        cookie = ("Set-Cookie", _set_cookie(scope, COOKIE + slug, token))
        await respond(send, HTTPStatus.SEE_OTHER, headers=(place, cookie, _NEVER))


def of_host(directory: Directory, scope: Scope) -> Published | None:
    """The page by whose domain a request came; None where it came by another name."""
    return directory.of_domain(name_of(header(scope, b"host") or "")) if directory.has_domains else None


class _Subscription:
    """One request about being told."""

    def __init__(self, subscribe: Subscribe, settings: DoorSettings, published: Published) -> None:
        self._subscribe = subscribe
        self._settings = settings
        self._published = published

    async def answer(self, scope: Scope, receive: Receive, send: Send, what: str) -> None:
        """Take an address, or do what a link of a mail says. A link alone does nothing: programs that read mail follow links."""
        page = self._published.page
        given = await fields(scope, receive, self._settings)
        token = given.text("token") or ""
        try:
            if what == "subscribe":
                title, text = await self._ask(scope, given.text("email") or "", given.text("url") or "")
            elif scope["method"] == "POST" and what == "confirm":
                title, text = await self._subscribe.confirm(self._published, token)
            elif scope["method"] == "POST":
                title, text = await self._subscribe.leave(self._published, token)
            else:
                await self._offer(send, what, token)
                return
        except SightlineError as error:
            status = HTTPStatus.TOO_MANY_REQUESTS if isinstance(error, Overloaded) else HTTPStatus.BAD_REQUEST
            await _page(send, status, message_html(page, "That did not work", error.message))
            return
        await _page(send, HTTPStatus.OK, message_html(page, title, text))

    async def _ask(self, scope: Scope, email: str, url: str) -> tuple[str, str]:
        if scope["method"] != "POST":
            raise BadData("send the form of the page to subscribe")
        channel, to = ("email", email) if email else ("webhook", url)
        return await self._subscribe.ask(self._published, channel, to, _caller(scope))

    async def _offer(self, send: Send, what: str, token: str) -> None:
        page = self._published.page
        title, text, button = {
            "confirm": (
                "Confirm",
                f"You are about to be told of incidents and maintenance of {page.title}.",
                "Subscribe",
            ),
            "unsubscribe": ("Unsubscribe", f"You will no longer be told of {page.title}.", "Unsubscribe"),
        }[what]
        body = message_html(page, title, text, button, f"{PREFIX}{page.slug}/{what}", token)
        await _page(send, HTTPStatus.OK, body)


@lru_cache(32)
def _at(feed: Rendered, address: str) -> Rendered:
    return Rendered.of(feed_at(feed.plain, address))


async def _send(scope: Scope, send: Send, found: Rendered, form: str, *, is_open: bool) -> None:
    """A page in a form, or that it has not changed."""
    compressed = accepts_gzip(header(scope, b"accept-encoding") or "")
    etag = f'{found.etag[:-1]}-gzip"' if compressed else found.etag
    headers: Headers = (
        ("ETag", etag),
        ("Vary", "Accept-Encoding" if is_open else "Accept-Encoding, Cookie, Authorization"),
        _OPEN if is_open else _CLOSED,
        *(_SAFE if form == HTML else (_READABLE,) if is_open else ()),
    )
    shown = header(scope, b"if-none-match")
    if shown is not None and (
        shown.strip() == "*" or etag in {one.strip().removeprefix("W/") for one in shown.split(",")}
    ):
        await respond(send, HTTPStatus.NOT_MODIFIED, headers=headers)
    elif compressed:
        await respond(send, HTTPStatus.OK, found.compressed, _TYPES[form], (("Content-Encoding", "gzip"), *headers))
    else:
        await respond(send, HTTPStatus.OK, found.plain, _TYPES[form], headers)


async def _page(send: Send, status: HTTPStatus, body: bytes, headers: Headers = ()) -> None:
    await respond(send, status.value, body, _TYPES[HTML], (*headers, _NEVER, *_SAFE))


async def _not_allowed(send: Send, allowed: str) -> None:
    await respond(send, HTTPStatus.METHOD_NOT_ALLOWED, headers=(("Allow", allowed),))


def _caller(scope: Scope) -> str:
    """Whence a request comes: what a proxy on this machine or network says last, for behind one all would be one caller."""
    client = scope.get("client")
    address = str(client[0]) if client else ""
    forwarded = (header(scope, b"x-forwarded-for") or "").rpartition(",")[2].strip()
    return forwarded[:_MAX_ADDRESS] if forwarded and _is_near(address) else address


def _is_near(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_private
    except ValueError:
        return False


def _cookie(scope: Scope, name: str) -> str:
    try:
        found = SimpleCookie(header(scope, b"cookie") or "").get(name)
    except CookieError:
        return ""
    return "" if found is None else found.value


def _set_cookie(scope: Scope, name: str, token: str) -> str:
    """Secure where TLS came to us, or to a proxy that says so."""
    secure = scope.get("scheme") == "https" or (header(scope, b"x-forwarded-proto") or "").lower() == "https"
    age = REMEMBERED_FOR // SECOND
    return f"{name}={token}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}"


def _basic(scope: Scope) -> str | None:
    """The password of HTTP's Basic, whoever the sender says to be."""
    scheme, _, value = (header(scope, b"authorization") or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(value.strip()).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return None
