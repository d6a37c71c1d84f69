"""Alerts as mail, with the settings of Alertmanager's `email_configs`.

Sources: https://prometheus.io/docs/alerting/latest/configuration/#email_config, RFC 5321 (SMTP), RFC 3207 (STARTTLS), RFC 4954
(authentication).
"""

import asyncio
import base64
import hashlib
import socket
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Final

import structlog
from typing_extensions import override

from sightline.adapters.network.guard import Guard
from sightline.adapters.network.secret_files import hidden, read_secret
from sightline.adapters.network.tls import tls_context
from sightline.adapters.wire import mail
from sightline.domain.alerts.notice_texts import NoticeTexts
from sightline.domain.alerts.notification import Notification
from sightline.domain.alerts.receiver import Options, Secret
from sightline.domain.errors import BadData, NoticeRefused, SettingsInvalid, Unavailable
from sightline.domain.reports.letter import Letter
from sightline.ports.notifier import Notifier

if TYPE_CHECKING:
    from aiosmtplib import SMTP

_log = structlog.get_logger("sightline.mail")

SUBJECT: Final = '{{ template "email.default.subject" . }}'
HTML: Final = '{{ template "email.default.html" . }}'
DEFAULT_TIMEOUT: Final = 30.0
"""Seconds that handing over one notification may take, all of it."""
MAX_UNFINISHED: Final = 1_000
"""Notifications of which is remembered who has them, because somebody has not; the oldest are forgotten."""

_TLS_PORT: Final = 465
_SAID: Final = 300
_PERMANENT: Final = 500
_GOODBYE: Final = 2.0
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_Refusals = dict[str, tuple[int, str]]


class Email(Notifier):
    """Hands one message a notification to a server, over a connection of its own: notices are rare, and nothing stays open.

    Messages about one group are one thread to programs that show threads. An answer of 4xx, a connection that breaks, and a server
    that takes longer than `timeout` mean not now, 5xx means that it would be refused again. Some of several recipients may be
    refused: the others have the message then, and when the same notification comes again, only who has not got it is tried. Where
    the rest are refused for good, as those who left are, the message is taken, for the others must also hear of its end; a log says
    who is not told.

    options: Alertmanager's, and `timeout` in ms. implicit_tls: whether the connection begins with TLS, in which case STARTTLS is
    not asked for; None: at port 465.

    Raises:
        SettingsInvalid: on construction, when a setting cannot be used.
    """

    def __init__(
        self,
        options: Options,
        texts: NoticeTexts,
        *,
        name: str = "email",
        implicit_tls: bool | None = None,
        allow_metadata_addresses: bool = False,
    ) -> None:
        self._options = options
        self._texts = texts
        self._name = name
        self._allow = allow_metadata_addresses
        given = options.get("timeout")
        self._timeout = given / 1_000 if isinstance(given, int) and given else DEFAULT_TIMEOUT
        host, _, port = _text(options, "smarthost").rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 1 << 16:
            raise SettingsInvalid(f"channel {name}: smarthost is not the address of a server: write host:port")
        self._host, self._port = host.strip("[]"), int(port)
        self._implicit_tls = self._port == _TLS_PORT if implicit_tls is None else implicit_tls
        self._tls = _mapping(options, "tls_config")
        self._hello = _text(options, "hello") or "localhost"
        if not self._hello.isascii() or not self._hello.isprintable() or " " in self._hello:
            raise SettingsInvalid(f"channel {name}: hello is not the name of a machine")
        self._headers = {one: str(value) for one, value in _mapping(options, "headers").items()}
        try:
            for one in self._headers:
                mail.checked_name(one)
        except BadData as problem:
            raise SettingsInvalid(f"channel {name}: headers: {problem.message}") from None
        self._have: dict[str, frozenset[str]] = {}
        self._secrets: tuple[str, ...] = ()

    @property
    @override
    def name(self) -> str:
        return self._name

    @override
    async def notify(self, notification: Notification) -> None:
        sender, recipients = self._people(notification)
        await self._deliver(notification.id, sender, recipients, self._message(notification, sender))

    async def send(self, letter: Letter) -> None:
        """Hand a letter over as a notification is: who has it does not get it again the next time.

        Raises:
            Unavailable: nobody has it, or some may be taken later.
            NoticeRefused: nobody has it, and nobody would.
        """
        given, to = _text(self._options, "from"), letter.to or _text(self._options, "to")
        of = f"{letter.id} {letter.to}" if letter.to else letter.id
        (sender, *_), recipients = mail.addresses(given), mail.addresses(to)
        domain = _domain(sender)
        headers = {
            "Date": format_datetime(datetime.fromtimestamp(letter.at / 1000, UTC)),
            "From": given,
            "To": to,
            "Subject": letter.subject,
            "Message-ID": f"<{_digest(self._name, of)}@{domain}>",
            "Auto-Submitted": "auto-generated",
            **dict(letter.headers),
        }
        message = mail.message(self._headers, headers, text=letter.text, html=letter.html)
        await self._deliver(of, sender, recipients, message)

    async def _deliver(self, of: str, sender: mail.Address, recipients: Sequence[mail.Address], message: bytes) -> None:
        """Bring one message to those of the recipients who do not have it yet. of: what the message is known by."""
        have = self._have.get(of, frozenset())
        missing = [each.spec for each in recipients if each.spec not in have]
        client = await self._client()
        try:
            async with asyncio.timeout(self._timeout):
                refusals = await self._hand_over(client, sender.spec, missing, message)
            await _leave(client)
        except TimeoutError:
            raise Unavailable(f"{self._who} took longer than {self._timeout:g} s (smtp.timeout)") from None
        finally:
            client.close()
        have |= set(missing) - set(refusals)
        if refusals and (not have or any(code < _PERMANENT for code, _ in refusals.values())):
            self._remember(of, have)
            raise self._refused(refusals)
        self._have.pop(of, None)
        if refusals:
            _log.warning("recipients of mail were refused; others have it", problem=self._refused(refusals).message)

    @property
    def _who(self) -> str:
        return f"channel {self._name}: {self._host}:{self._port}"

    def _people(self, notification: Notification) -> tuple[mail.Address, tuple[mail.Address, ...]]:
        found = []
        for option in ("from", "to"):
            try:
                found.append(mail.addresses(self._texts.text(_text(self._options, option), notification)))
            except BadData as problem:
                raise NoticeRefused(f"channel {self._name}: `{option}`: {problem.message}") from None
        if len(found[0]) > 1:
            raise NoticeRefused(f"channel {self._name}: `from` has several addresses: name one")
        return found[0][0], found[1]

    def _message(self, notification: Notification, sender: mail.Address) -> bytes:
        domain = _domain(sender)
        thread = f"<{_digest(notification.tenant, notification.receiver, notification.group_key)}@{domain}>"
        defaults = {
            "Date": format_datetime(datetime.fromtimestamp(notification.at / 1000, UTC)),
            "From": self._texts.text(_text(self._options, "from"), notification),
            "To": self._texts.text(_text(self._options, "to"), notification),
            "Subject": self._texts.text(SUBJECT, notification),
            # The same at every attempt, so that mailboxes can tell a message that comes twice.
            "Message-ID": f"<{_digest(notification.tenant, self._name, notification.id)}@{domain}>",
            # The first message of a thread was never sent: all are answers to it, so that they stay together whatever is lost.
            "In-Reply-To": thread,
            "References": thread,
            "Auto-Submitted": "auto-generated",
        }
        headers = {name: self._texts.text(value, notification) for name, value in self._headers.items()}
        text, html = _text(self._options, "text"), _text(self._options, "html", HTML)
        return mail.message(
            headers,
            defaults,
            text=self._texts.text(text, notification) if text else "",
            html=self._texts.html(html, notification) if html else "",
        )

    async def _client(self) -> "SMTP":
        from aiosmtplib import SMTP

        context = await asyncio.to_thread(tls_context, self._tls, f"channel {self._name}: tls_config")
        return SMTP(
            hostname=_text(self._tls, "server_name") or self._host,
            local_hostname=self._hello,
            timeout=self._timeout,
            use_tls=self._implicit_tls,
            start_tls=False,
            tls_context=context,
        )

    async def _hand_over(self, client: "SMTP", sender: str, recipients: Sequence[str], message: bytes) -> _Refusals:
        """Carry one message to those of the recipients whom the server takes; gives what it said of the others.

        Raises:
            Unavailable, NoticeRefused: nobody has the message.
        """
        from aiosmtplib import SMTPException, SMTPRecipientRefused, SMTPResponseException

        refusals: _Refusals = {}
        step = "connecting"
        try:
            client.sock = await self._dial()
            await client.connect()
            step = "greeting"
            is_encrypted = await self._encrypted(client)
            step = "authentication"
            await self._authenticate(client, is_encrypted=is_encrypted)
            step = "MAIL FROM"
            size = [f"SIZE={len(message)}"] if client.supports_extension("size") else []
            await client.mail(sender, options=size)
            for recipient in recipients:
                try:
                    await client.rcpt(recipient)
                except SMTPRecipientRefused as error:
                    refusals[recipient] = (error.code, error.message)
            if len(refusals) < len(recipients):
                step = "DATA"
                await client.data(message)
        except TimeoutError:
            raise
        except SMTPResponseException as error:
            raise self._answered(step, error.code, error.message) from None
        except (SMTPException, OSError) as error:
            raise Unavailable(f"{self._who}: {step}: {self._shown(_reason(error))}") from None
        except ValueError as error:
            raise NoticeRefused(f"{self._who}: {step}: {self._shown(str(error))}") from None
        return refusals

    async def _dial(self) -> socket.socket:
        """A connection to the first of the server's addresses that answers: the name in its certificate may be another."""
        loop, guard = asyncio.get_running_loop(), Guard(allow=self._allow)
        problem: OSError = OSError("the name has no address")
        for family, kind, protocol, _, address in await loop.getaddrinfo(
            self._host, self._port, type=socket.SOCK_STREAM
        ):
            try:
                dialled = guard.socket((family, kind, protocol, "", address))
            except OSError as error:
                problem = error
                continue
            dialled.settimeout(0)
            try:
                await loop.sock_connect(dialled, address)
            except OSError as error:
                dialled.close()
                problem = error
            except BaseException:
                dialled.close()
                raise
            else:
                return dialled
        if guard.refused and not guard.passed:
            raise NoticeRefused(f"{self._who}: {guard.advice(self._host)}")
        raise problem

    async def _encrypted(self, client: "SMTP") -> bool:
        """Greet the server, under TLS where that is asked for; gives whether it is."""
        await _greet(client)
        if self._implicit_tls:
            return True
        if not self._options.get("require_tls", True):
            return False
        if not client.supports_extension("starttls"):
            raise NoticeRefused(
                f"{self._who} does not offer STARTTLS, which require_tls asks for: check the port, or set require_tls to false in a"
                " network that is trusted entirely"
            )
        await client.starttls()
        await _greet(client)
        return True

    async def _authenticate(self, client: "SMTP", *, is_encrypted: bool) -> None:
        """Say who we are, in the first of the server's ways for which the settings have what it needs, as Alertmanager does."""
        user = _text(self._options, "auth_username")
        offered = client.server_auth_methods
        if not user or not offered:
            return
        password, secret = await self._secret("auth_password"), await self._secret("auth_secret")
        self._secrets = tuple(
            form for text in (password, secret) if text for form in (text, base64.b64encode(text.encode()).decode())
        )
        for way in offered:
            if way == "cram-md5" and secret:
                await client.auth_crammd5(user, secret)
                return
            # What is in clear on the wire may be a password only where the wire is this machine's.
            if way == "plain" and password and (is_encrypted or self._host in _LOCAL):
                await self._authenticate_plainly(client, user, password)
                return
            if way == "login" and password:
                await client.auth_login(user, password)
                return
        raise NoticeRefused(
            f"{self._who} offers authentication by {self._shown(' '.join(offered))}, none of which can be used: PLAIN and LOGIN"
            " need auth_password, PLAIN also TLS, and CRAM-MD5 needs auth_secret"
        )

    async def _authenticate_plainly(self, client: "SMTP", user: str, password: str) -> None:
        from aiosmtplib import SMTPAuthenticationError, SMTPStatus

        whole = "\0".join((_text(self._options, "auth_identity"), user, password)).encode()
        answer = await client.execute_command(b"AUTH", b"PLAIN", base64.b64encode(whole))
        if answer.code != SMTPStatus.auth_successful:
            raise SMTPAuthenticationError(answer.code, answer.message)

    async def _secret(self, option: str) -> str:
        """A secret that is given, or in a file, which is read every time, so that it may change; empty where there is none."""
        given, file = self._options.get(option), _text(self._options, f"{option}_file")
        if isinstance(given, Secret):
            return given.reveal()
        if not file:
            return ""
        return await asyncio.to_thread(read_secret, file, f"channel {self._name}: {option}_file")

    def _remember(self, notification: str, have: frozenset[str]) -> None:
        self._have.pop(notification, None)
        self._have[notification] = have
        while len(self._have) > MAX_UNFINISHED:
            del self._have[next(iter(self._have))]

    def _refused(self, refusals: _Refusals) -> Unavailable | NoticeRefused:
        """What recipients who were not taken come to: as long as one may be taken later, the message is worth trying again."""
        _, (code, said) = min(refusals.items(), key=lambda each: each[1][0])
        return self._answered(f"RCPT TO {', '.join(refusals)}", code, said)

    def _answered(self, step: str, code: int, said: str) -> Unavailable | NoticeRefused:
        text = f"{self._who} answered {step} with {code} ({self._shown(said)})"
        return NoticeRefused(text) if code >= _PERMANENT else Unavailable(text)

    def _shown(self, said: str) -> str:
        """The beginning of what a server said, in one line and without what was said to it in confidence."""
        known = hidden(said, self._secrets)
        line = " ".join("".join(char if char.isprintable() else " " for char in known).split())
        return line if len(line) <= _SAID else f"{line[: _SAID - 1]}…"


async def _greet(client: "SMTP") -> None:
    from aiosmtplib import SMTPHeloError

    try:
        await client.ehlo()
    except SMTPHeloError:
        await client.helo()


async def _leave(client: "SMTP") -> None:
    """Say goodbye: what the server took it has, whatever it says to that."""
    from aiosmtplib import SMTPException

    with suppress(SMTPException, OSError):
        await client.quit(timeout=_GOODBYE)
    client.close()


def _reason(error: Exception) -> str:
    cause = error.__cause__ or error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {cause.verify_message}; see tls_config (smtp.ca_file)"
    return (cause.strerror if isinstance(cause, OSError) else None) or str(cause) or type(cause).__name__


def _domain(sender: mail.Address) -> str:
    return sender.spec.rpartition("@")[2].strip("[]").replace(":", ".")


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:40]


def _text(options: Options, name: str, default: str = "") -> str:
    found = options.get(name, default)
    return found if isinstance(found, str) else default


def _mapping(options: Options, name: str) -> Options:
    found = options.get(name)
    return found if isinstance(found, Mapping) else {}
