"""A real server of mail on loopback, aiosmtpd's, in a thread of its own, so that it answers whatever the event loop does."""

import asyncio
import hmac
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

HERE = Path(__file__).parent / "scraping"
CERTIFICATE = str(HERE / "cert.pem")
"""Made for the tests, for exporter.test and 127.0.0.1."""

CHALLENGE = b"<1.2@mail.test>"


@dataclass
class Mail:
    """One message as it came: who is on the envelope, and who had proven who they are, and how."""

    sender: str
    recipients: list[str]
    raw: bytes
    user: str
    is_encrypted: bool
    greeting: str

    @property
    def message(self) -> EmailMessage:
        """The message read."""
        found = message_from_bytes(self.raw, policy=default)
        assert isinstance(found, EmailMessage)
        return found

    @property
    def shown(self) -> str:
        """What people see: the subject and the texts."""
        message = self.message
        return "\n".join([message["Subject"], *(part.get_content() for part in message.iter_parts())])


@dataclass
class MailServer:
    """What came, and how the server behaves.

    starttls, from_the_start: whether TLS is offered, or begins with the connection. users: passwords by name; where there are some,
    nobody else may send. ways: of authentication that are offered. answers: to commands by their first word, and to recipients by
    their address, instead of the usual ones. silent: nothing is answered to MAIL for as long as it is set.
    """

    starttls: bool = False
    from_the_start: bool = False
    users: dict[str, str] = field(default_factory=dict)
    ways: tuple[str, ...] = ("PLAIN", "LOGIN", "CRAM-MD5")
    answers: dict[str, str] = field(default_factory=dict)
    silent: bool = False
    mails: list[Mail] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)
    came: threading.Condition = field(default_factory=threading.Condition)
    port: int = 0
    _loop: asyncio.AbstractEventLoop | None = None
    _thread: threading.Thread | None = None

    def open(self) -> None:
        """Listen on a free port."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(CERTIFICATE, HERE / "key.pem")
        ready = threading.Event()

        async def serve() -> None:
            loop = self._loop = asyncio.get_running_loop()
            self._stop = asyncio.Event()
            excluded = {"PLAIN", "LOGIN", "CRAM-MD5"} - set(self.ways if self.users else ())
            server = await loop.create_server(
                lambda: SMTP(
                    self,
                    hostname="mail.test",
                    tls_context=context if self.starttls else None,
                    auth_required=bool(self.users),
                    auth_require_tls=self.starttls,
                    auth_exclude_mechanism=excluded,
                    authenticator=self._authenticate,
                    loop=loop,
                ),
                "127.0.0.1",
                0,
                ssl=context if self.from_the_start else None,
            )
            self.port = server.sockets[0].getsockname()[1]
            ready.set()
            await self._stop.wait()
            server.close()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()

        self._thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
        self._thread.start()
        assert ready.wait(10)

    def wait_for(self, mails: int, seconds: float = 30) -> bool:
        """Wait until so many messages were taken; false when the time was over before."""
        with self.came:
            return self.came.wait_for(lambda: len(self.mails) >= mails, seconds)

    def close(self) -> None:
        """Go away; again does nothing."""
        if self._thread is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(10)
            self._thread = None

    async def handle_MAIL(  # noqa: N802 - as aiosmtpd calls it
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take the sender, or not."""
        if self.silent:
            await self._stop.wait()
        if "MAIL" in self.answers:
            return self.answers["MAIL"]
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - as aiosmtpd calls it
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient, or not."""
        self.tried.append(address)
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - likewise
        """Keep the message, or not."""
        if "DATA" in self.answers:
            return self.answers["DATA"]
        content = envelope.content
        assert isinstance(content, bytes)
        mail = Mail(
            str(envelope.mail_from),
            list(envelope.rcpt_tos),
            content,
            str(session.auth_data),
            session.ssl is not None or self.from_the_start,
            str(session.host_name),
        )
        with self.came:
            self.mails.append(mail)
            self.came.notify_all()
        return "250 OK"

    async def auth_CRAM__MD5(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802 - two underscores: a hyphen
        """RFC 2195, which aiosmtpd does not bring."""
        answer = await server.challenge_auth(CHALLENGE)
        assert isinstance(answer, bytes)
        user, _, digest = answer.decode().rpartition(" ")
        expected = hmac.new(self.users.get(user, "").encode(), CHALLENGE, "md5").hexdigest()
        right = user in self.users and digest == expected
        return AuthResult(success=right, handled=False, auth_data=f"{user} by CRAM-MD5")

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        user, password = data.login.decode(), data.password.decode()
        right = self.users.get(user) == password
        message = self.answers.get("AUTH")
        if message is not None:
            # Some servers repeat what they were sent.
            message = message.format(user=user, password=password)
        return AuthResult(success=right, handled=False, message=message, auth_data=f"{user} by {mechanism}")


@contextmanager
def serving(**behaviour: Any) -> Iterator[MailServer]:
    """A server that listens until the end."""
    server = MailServer(**behaviour)
    server.open()
    try:
        yield server
    finally:
        server.close()
