"""What channels over HTTP are made of: one request an attempt, and what its answer means.

Sources: RFC 9110 for statuses and `Retry-After`; https://prometheus.io/docs/alerting/latest/configuration/#http_config.
"""

import asyncio
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from http import HTTPStatus
from io import BytesIO
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar
from urllib.parse import urlsplit

import msgspec
from typing_extensions import override

from sightline import __version__
from sightline.adapters.network.guard import Guard, Policy
from sightline.adapters.network.http_config import HttpConfig, Way
from sightline.adapters.network.oauth2 import ClientCredentials, TokenRefused
from sightline.adapters.network.secret_files import hidden, parts_of_address, read_secret
from sightline.adapters.network.statuses import is_redirection, is_server_failure, is_success
from sightline.domain.alerts.notice_texts import NoticeTexts
from sightline.domain.alerts.receiver import Option, Options, Secret, text_of
from sightline.domain.errors import NoticeRefused, SettingsInvalid, Unavailable
from sightline.ports.notifier import Notifier

if TYPE_CHECKING:
    import aiohttp

TRY_AGAIN: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
"""Statuses that mean `not now`, besides those of 500 and above."""
MAX_ANSWER: Final = 64 << 10
"""Bytes that are read of an answer."""
_SHOWN: Final = 300
"""Characters of an answer that messages show."""
_T = TypeVar("_T")
_SECONDS: Final = re.compile(r"\d{1,9}(\.\d{1,9})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What channels over HTTP have in common.

    timeout: seconds for the whole of an attempt where options say nothing. max_retry_after: the longest wait in seconds that a
    service may ask for (`alerts.max_retry_after`). allow_metadata_addresses: whether link-local addresses and those of clouds'
    metadata may be connected to. policy: says instead which addresses may be.
    """

    timeout: float = 10.0
    max_retry_after: float = 3_600.0
    allow_metadata_addresses: bool = False
    policy: Policy | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """What a service said. media_type: without parameters, in small letters. body: at most MAX_ANSWER bytes of it."""

    status: int
    media_type: str
    body: bytes
    retry_after: float | None

    @property
    def text(self) -> str:
        """The body as one line of text."""
        return " ".join(self.body.decode("utf-8", "replace").split())

    def json(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, RecursionError):
            return None


@dataclass(slots=True, repr=False)
class _Tokens:
    """Tokens of `oauth2`, and how they are asked for. was_kept: whether the one that was sent last had been asked for earlier."""

    credentials: ClientCredentials
    config: HttpConfig
    was_kept: bool = False


def _nothing(_: Answer) -> None:
    """What a service asks for that asks in headers alone."""


class HttpSender:
    """Sends what a channel says, over a connection of its own: notices are rare, and nothing stays open between them.

    options: the channel's, with `timeout` in ms and `http_config`. name: of the channel, which every message begins with.
    try_again: statuses that mean `not now`, besides those of 500 and above. asked: reads from such an answer how many seconds the
    service asks to wait, where it does not say that in a header. No message shows an address, but its host, or a secret, not even
    where the service repeats it.

    Raises:
        SettingsInvalid: on construction, something of `http_config` cannot be used.
    """

    def __init__(
        self,
        options: Options,
        *,
        name: str,
        http: Outgoing,
        try_again: frozenset[int] = TRY_AGAIN,
        asked: Callable[[Answer], float | None] = _nothing,
    ) -> None:
        given = options.get("http_config")
        self._options = options
        self._name = name
        self._http = http
        self._try_again = try_again
        self._asked = asked
        timeout = options.get("timeout")
        self._timeout = timeout / 1_000 if isinstance(timeout, int) and timeout else http.timeout
        http_config = given if isinstance(given, Mapping) else {}
        oauth2 = http_config.get("oauth2")
        self._config = HttpConfig(http_config, f"{name}.http_config")
        self._tokens: _Tokens | None = None
        if isinstance(oauth2, Mapping) and oauth2:
            where = f"{name}.http_config.oauth2"
            self._tokens = _Tokens(ClientCredentials(oauth2, where), HttpConfig(oauth2, where))
        self._secrets = set(_revealed(options))
        self._seen: dict[str, set[str]] = {}

    @property
    def name(self) -> str:
        """What the channel is called."""
        return self._name

    def require_address(self, option: str) -> None:
        """See that an address is given, or the file that holds it.

        Raises:
            SettingsInvalid: neither is, or it is no address.
        """
        key = f"{self._name}.{option}"
        url, file = text_of(self._options.get(option)), text_of(self._options.get(f"{option}_file"))
        if not url and not file:
            raise SettingsInvalid(f"{key} is needed, or {option}_file", key=key)
        if url and not host_of(url):
            message = f"{key} is not an address: write for example http://127.0.0.1:9094/alerts"
            raise SettingsInvalid(message, key=key)

    async def value(self, option: str) -> str:
        """A setting, or what the file holds now that `<option>_file` names; empty where neither is given.

        Raises:
            Unavailable: the file cannot be read.
            NoticeRefused: it holds nothing, or more than one line.
        """
        file = text_of(self._options.get(f"{option}_file"))
        if not file:
            return text_of(self._options.get(option))
        what = f"channel {self._name}: {option}_file"
        try:
            async with asyncio.timeout(self._timeout):
                text = await asyncio.to_thread(read_secret, file, what)
        except TimeoutError:
            raise Unavailable(f"{what} {file} cannot be read within {self._timeout:g} s") from None
        self._seen[option] = {text}
        return text

    async def send(
        self, url: str, body: Any, *, headers: Mapping[str, str] | None = None, method: str = "POST"
    ) -> Answer:
        """Send once. body: bytes as they are, for which `headers` have a Content-Type, anything else as JSON. Any 2xx is an answer.

        Raises:
            Unavailable: no answer in time, or one that says `not now`, with `retry_after` in its detail (seconds) if it says so.
            NoticeRefused: any other answer, a redirection too, or an address that must not be connected to.
        """
        host = host_of(url)
        if not host:
            raise self.refused("what should be its address is none")
        self._seen["address"] = parts_of_address(url)
        try:
            data = body if isinstance(body, bytes) else msgspec.json.encode(body)
        except UnicodeEncodeError:
            raise self.refused("half a character (a lone surrogate) cannot be sent") from None
        said = {"Content-Type": "application/json", **(headers or {})}
        # Importing aiohttp takes 0.3 s, which nobody without channels over HTTP should pay for.
        await asyncio.to_thread(__import__, "aiohttp")
        guard = Guard(allow=self._http.allow_metadata_addresses, policy=self._http.policy)
        try:
            async with asyncio.timeout(self._timeout):
                answer = await self._send(guard, method, url, data, said)
        except TimeoutError:
            wait = f"{self._timeout:g} s{f' ({self._name}.timeout)' if self._options.get('timeout') else ''}"
            raise self.unavailable(f"{host} did not answer within {wait}") from None
        except (OSError, ValueError) as error:  # aiohttp's connection errors are OSErrors, bad addresses ValueErrors
            raise self._failed(host, guard, error) from None
        if is_success(answer.status):
            return answer
        problem = f"{host} answered {answer.status}{f' ({self.shown(answer.text)})' if answer.text else ''}"
        if answer.status == HTTPStatus.UNAUTHORIZED and self._tokens is not None and self._tokens.was_kept:
            self._tokens.credentials.forget()
            raise self.unavailable(f"{problem}; another token is asked for the next time")
        if is_server_failure(answer.status) or answer.status in self._try_again:
            raise self.unavailable(problem, retry_after=self._wait(answer))
        # A redirected POST becomes a GET without its body, so it is the settings that must change.
        advice = "redirections are not followed: write the address it leads to" if is_redirection(answer.status) else ""
        raise self.refused(f"{problem}; {advice or f'check the address and the credentials of {self._name}'}")

    def shown(self, text: str) -> str:
        """The beginning of what a service said, in one line that a terminal can show, and without secrets, none left in half."""
        plain = "".join(char if char.isprintable() else " " for char in self._hide(text))
        return " ".join(plain.split())[:_SHOWN]

    def unavailable(self, problem: str, *, retry_after: float | None = None) -> Unavailable:
        """That the channel does not take it now. retry_after: seconds that the service asks to wait."""
        detail = {} if retry_after is None else {"retry_after": retry_after}
        return Unavailable(f"channel {self._name}: {self._hide(problem)}", **detail)

    def refused(self, problem: str) -> NoticeRefused:
        """That the channel would not take it the next moment either."""
        return NoticeRefused(f"channel {self._name}: {self._hide(problem)}")

    def _wait(self, answer: Answer) -> float | None:
        """How long the service asks to wait, by a header or in its own way."""
        if answer.retry_after is not None:
            return answer.retry_after
        asked = self._asked(answer)
        return None if asked is None else min(max(asked, 0.0), self._http.max_retry_after)

    async def _send(self, guard: Guard, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        if self._tokens is not None:
            headers = {**headers, "Authorization": f"Bearer {await self._token(self._tokens, guard)}"}
        return await self._request(self._config, guard, method, url, body, headers)

    async def _token(self, tokens: "_Tokens", guard: Guard) -> str:
        """A token for `oauth2`, kept or new."""
        credentials, now = tokens.credentials, asyncio.get_running_loop().time()
        found = credentials.kept(now)
        tokens.was_kept = bool(found)
        if found:
            return found
        host = host_of(credentials.url)
        if not host:
            raise self.refused("oauth2.token_url is no address")

        async def ask(url: str, form: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
            answer = await self._request(tokens.config, guard, "POST", url, form, headers)
            return answer.status, answer.body

        try:
            secret = await self._from_disk(credentials.secret)
            self._seen["oauth2"] = {secret, *parts_of_address(credentials.url)}
            found = await credentials.fetch(ask, secret, now)
        except TokenRefused as error:
            problem = f"{host} of oauth2 {error}"
            if is_server_failure(error.status) or error.status in self._try_again:
                raise self.unavailable(problem) from None
            raise self.refused(f"{problem}; check oauth2 of {self._name}") from None
        self._seen["token"] = {found}
        guard.passed = False
        return found

    async def _request(
        self, config: HttpConfig, guard: Guard, method: str, url: str, body: bytes, headers: Mapping[str, str]
    ) -> Answer:
        import aiohttp
        from yarl import URL

        from sightline.adapters.network.lookups import ThreadedLookups

        way = await self._from_disk(partial(config.way, url))
        self._seen["way"] = set(way.secrets)
        target = URL(url, encoded=url.isascii()).with_user(None)
        guard.check(target.host or "")
        connector = aiohttp.TCPConnector(resolver=ThreadedLookups(), socket_factory=guard.socket, force_close=True)
        try:
            async with (
                aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session,
                session.request(
                    method,
                    target,
                    data=BytesIO(body),  # of bytes themselves the library thinks that they could be too many
                    headers=_headers(way, headers),
                    allow_redirects=False,
                    ssl=way.tls,
                    server_hostname=way.server_name if target.scheme == "https" else None,
                    proxy=way.proxy,
                    proxy_headers=dict(way.proxy_headers) or None,
                    timeout=aiohttp.ClientTimeout(),  # the whole attempt has one of its own
                ) as response,
            ):
                return await self._answer(response)
        except aiohttp.ClientSSLError as error:
            raise OSError(str(error)) from None
        except aiohttp.ClientConnectorError as error:
            raise OSError(_reason(error.os_error)) from None
        except aiohttp.ClientError as error:
            raise OSError(str(error) or type(error).__name__) from None

    async def _from_disk(self, read: Callable[[], _T]) -> _T:
        """What is read from files, whose errors get the channel's name."""
        try:
            return await asyncio.to_thread(read)
        except Unavailable as error:
            raise self.unavailable(error.message) from None
        except NoticeRefused as error:
            raise self.refused(error.message) from None

    async def _answer(self, response: "aiohttp.ClientResponse") -> Answer:
        body = bytearray()
        while len(body) < MAX_ANSWER and (more := await response.content.read(MAX_ANSWER - len(body))):
            body += more
        asked = response.headers.get("Retry-After", "")
        return Answer(
            response.status,
            response.content_type.lower(),
            bytes(body),
            seconds_asked(asked, response.headers.get("Date", ""), self._http.max_retry_after),
        )

    def _failed(self, host: str, guard: Guard, error: Exception) -> Unavailable | NoticeRefused:
        if guard.refused and not guard.passed:
            return self.refused(guard.advice(host))
        return self.unavailable(f"{host} cannot be reached: {self.shown(str(error)) or type(error).__name__}")

    def _hide(self, text: str) -> str:
        """A text without secrets. An address is one, but its host."""
        return hidden(text, self._secrets.union(*self._seen.values()))


class HttpChannel(Notifier):
    """A channel that a service takes over HTTP; what is said is a matter of each.

    ADDRESS: the option that says where it leads. USUAL: options that are so unless they are given. try_again, asked: as
    `HttpSender` has them.

    Raises:
        SettingsInvalid: on construction, when the address or `http_config` cannot be used.
    """

    ADDRESS: ClassVar[str]
    USUAL: ClassVar[Options] = MappingProxyType({})

    def __init__(
        self,
        options: Options,
        texts: NoticeTexts,
        *,
        name: str,
        http: Outgoing,
        try_again: frozenset[int] = TRY_AGAIN,
        asked: Callable[[Answer], float | None] = _nothing,
    ) -> None:
        self._options: Options = {**self.USUAL, **options}
        self._texts = texts
        self._sender = HttpSender(self._options, name=name, http=http, try_again=try_again, asked=asked)
        self._sender.require_address(self.ADDRESS)

    @property
    @override
    def name(self) -> str:
        return self._sender.name


def _reason(error: OSError) -> str:
    """Why no connection was made, in the system's words; those of names that are not known have numbers below 0."""
    number = error.errno or 0
    return (os.strerror(number) if number > 0 else error.strerror) or str(error)


def host_of(url: str) -> str:
    """The host and port of an HTTP address, which may be shown, unlike the rest of it; empty where it is no address."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not parts.hostname or not url.isprintable() or " " in url:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return host if port is None else f"{host}:{port}"


def seconds_asked(retry_after: str, date: str, most: float) -> float | None:
    """How long a service asks to wait, from its headers `Retry-After` and `Date`; None where it does not.

    A time is compared with the service's own clock where it says it. most: longer is taken for this.
    """
    text = retry_after.strip()
    if _SECONDS.fullmatch(text):
        return min(float(text), most)
    then = _instant(text)
    if then is None:
        return None
    wait = (then - (_instant(date) or datetime.now(UTC))).total_seconds()
    return min(max(wait, 0.0), most)


def _instant(text: str) -> datetime | None:
    """What HTTP calls a date."""
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _headers(way: Way, headers: Mapping[str, str]) -> list[tuple[str, str]]:
    given = {name.lower() for name, _ in way.headers}
    said = {"User-Agent": f"sightline/{__version__}", "Accept-Encoding": "identity", **headers}
    return [*((name, text) for name, text in said.items() if name.lower() not in given), *way.headers]


def _revealed(option: Option) -> Iterator[str]:
    """All secrets within settings."""
    if isinstance(option, Secret):
        yield from parts_of_address(option.reveal()) if "://" in option.reveal() else (option.reveal(),)
    elif isinstance(option, Mapping):
        for one in option.values():
            yield from _revealed(one)
    elif isinstance(option, Sequence) and not isinstance(option, str):
        for one in option:
            yield from _revealed(one)
