"""PostgreSQL: as far as it takes connections, and with a user as far as it answers queries."""

import asyncio
import hashlib
import struct
from dataclasses import dataclass
from typing import Final

from typing_extensions import override

from sightline.adapters.network.dialling import Dialler
from sightline.adapters.network.failure import Failure, quoted
from sightline.adapters.network.link import Link
from sightline.adapters.network.talks import postgres as talk
from sightline.adapters.network.talks.exchange import MAX_BODY, Exchange, conduct
from sightline.adapters.network.talks.scram import ScramClient
from sightline.adapters.network.talks.target import Target
from sightline.domain.errors import BadData
from sightline.domain.probes.options import Postgres
from sightline.domain.probes.outcome import Outcome, Reason
from sightline.ports.prober import Attempt, Prober

PORT: Final = 5432
MAX_ROWS: Final = 10_000
MAX_TEXTS: Final = 1 << 20
"""Bytes of a query's answer."""
_REQUEST: Final = struct.Struct("!I")
"""What a request of authentication begins with: one of these numbers."""
_OK, _CLEARTEXT, _MD5, _SASL, _SASL_CONTINUE, _SASL_FINAL = 0, 3, 5, 10, 11, 12
_MECHANISM: Final = b"SCRAM-SHA-256"
_TERMINATE: Final = talk.message(b"X", b"")


class PostgresProber(Prober):
    """Body: the rows of the query, one a line, columns apart by tabs. Facts: `rows`, `server_version`, `in_hot_standby`.

    The query takes the phase `processing`. Without a user the server is asked as pg_isready does.
    """

    kinds = frozenset({"postgres"})

    def __init__(self, dialler: Dialler) -> None:
        self._dialler = dialler

    @override
    async def probe(self, attempt: Attempt) -> Outcome:
        return await conduct(attempt, Postgres, self._dialler, _talk)


@dataclass(frozen=True, slots=True)
class _Who:
    username: str
    password: str
    database: str


async def _talk(exchange: Exchange[Postgres]) -> None:
    target, options = exchange.target("postgres", "postgresql"), exchange.options
    who = _who(target, options)
    exchange.keep_secret(options.password)
    link = await exchange.connect(target, PORT)
    if options.tls is not None:
        await talk.request_tls(exchange, link)
        await exchange.encrypt(link, options.tls, target.host)
    exchange.awaiting = "an answer to the startup message"
    await link.send(talk.startup(who.username or "postgres", who.database or who.username or "postgres"))
    if not who.username:
        await _is_ready(exchange, link)
        return
    await _authenticate(exchange, link, who)
    await _ready(exchange, link)
    if options.query:
        await _query(exchange, link, options.query)
    await exchange.farewell(link, _TERMINATE)


def _who(target: Target, options: Postgres) -> _Who:
    found = (
        _Who(options.username, options.password, options.database or target.path)
        if options.username
        else _Who(target.username, options.password or target.password, options.database or target.path)
    )
    if "\0" in f"{found.username}{found.password}{found.database}{options.query}":
        raise Failure(Reason.BAD_TARGET, "user, password, database and query may not hold a NUL")
    if options.query and not found.username:
        raise Failure(Reason.BAD_TARGET, "a query needs a user: set username")
    return found


async def _is_ready(exchange: Exchange[Postgres], link: Link) -> None:
    """Whether it would take connections: any answer but that it cannot."""
    kind, payload = await talk.receive(exchange, link)
    if kind == b"E":
        failure = talk.refused(exchange, payload, "connections")
        if failure.reason is Reason.NOT_SERVING:
            raise failure
    elif kind != b"R":
        raise exchange.refuse(Reason.PROTOCOL, "answered the startup message with neither a request nor an error")
    await exchange.farewell(link, _TERMINATE)


async def _authenticate(exchange: Exchange[Postgres], link: Link, who: _Who) -> None:
    scram = ScramClient(who.password)
    while True:
        exchange.awaiting = "the end of the authentication"
        kind, payload = await talk.receive(exchange, link)
        if kind == b"E":
            raise talk.refused(exchange, payload, f"user {who.username!r}")
        if kind != b"R" or len(payload) < _REQUEST.size:
            raise exchange.refuse(Reason.PROTOCOL, "does not authenticate as PostgreSQL")
        (request,) = _REQUEST.unpack_from(payload)
        if request == _OK:
            return
        answer = await _answer(exchange, who, scram, request, payload[_REQUEST.size :])
        if answer:
            await link.send(talk.message(b"p", answer))


async def _answer(exchange: Exchange[Postgres], who: _Who, scram: ScramClient, request: int, payload: bytes) -> bytes:
    """What is sent to a request for a password; empty where nothing is."""
    if request == _SASL_FINAL:
        if not scram.confirm(payload):
            raise exchange.refuse(
                Reason.AUTHENTICATION, "cannot show that it knows the password: is it another server?"
            )
        return b""
    if not who.password:
        raise exchange.refuse(Reason.AUTHENTICATION, f"asks for a password of {who.username!r}: set one")
    if request == _CLEARTEXT:
        return who.password.encode() + b"\0"
    if request == _MD5:
        # The protocol's own way: not ours to choose.
        inner = hashlib.md5(who.password.encode() + who.username.encode(), usedforsecurity=False).hexdigest()
        outer = hashlib.md5(inner.encode() + payload[:4], usedforsecurity=False).hexdigest()
        return b"md5" + outer.encode() + b"\0"
    if request == _SASL and _MECHANISM in payload.split(b"\0"):
        return _MECHANISM + b"\0" + struct.pack("!I", len(scram.first)) + scram.first
    if request == _SASL_CONTINUE:
        try:
            return await asyncio.to_thread(scram.final, payload)
        except BadData as error:
            raise exchange.refuse(Reason.PROTOCOL, f"cannot be authenticated with: {error.message}") from None
    raise exchange.refuse(
        Reason.NOT_SUPPORTED,
        f"asks user {who.username!r} for a way of authentication (number {request}) that probes do not have: "
        "use SCRAM-SHA-256, md5 or password in pg_hba.conf",
    )


async def _ready(exchange: Exchange[Postgres], link: Link) -> None:
    """Read as far as ReadyForQuery, and keep what the server tells of itself."""
    exchange.awaiting = "ReadyForQuery"
    for _ in range(MAX_ROWS):
        kind, payload = await talk.receive(exchange, link)
        if kind == b"E":
            raise talk.refused(exchange, payload, "the session")
        if kind == b"Z":
            return
        name, _, rest = payload.partition(b"\0")
        if kind == b"S" and name in {b"server_version", b"in_hot_standby"}:
            exchange.facts[name.decode()] = quoted(rest.partition(b"\0")[0])
            exchange.version = str(exchange.facts.get("server_version", ""))
    raise exchange.refuse(Reason.ANSWER_TOO_LARGE, "sends messages and never ReadyForQuery")


async def _query(exchange: Exchange[Postgres], link: Link, query: str) -> None:
    exchange.awaiting = "the end of the query's answer"
    await link.send(talk.message(b"Q", query.encode() + b"\0"))
    begun, rows, failure = link.size, 0, None
    while True:
        kind, payload = await talk.receive(exchange, link)
        if kind == b"Z":
            break
        if kind == b"E":
            failure = talk.refused(exchange, payload, "the query")
        elif kind == b"D":
            rows += 1
            if len(exchange.body) < MAX_BODY:
                exchange.body += b"\t".join(_columns(payload)) + b"\n"
        elif kind in {b"G", b"W"}:
            raise exchange.refuse(Reason.UNEXPECTED, "awaits data for COPY: give a query that only asks")
        if rows > MAX_ROWS or link.size - begun > MAX_TEXTS:
            raise exchange.refuse(
                Reason.ANSWER_TOO_LARGE,
                f"answers the query with more than {MAX_ROWS} rows or {MAX_TEXTS} bytes: use LIMIT",
            )
    exchange.facts["rows"] = float(rows)
    if failure is not None:
        raise failure


def _columns(payload: bytes) -> list[bytes]:
    """The columns of a DataRow; NULL is empty."""
    found, at = [], 2
    while at + 4 <= len(payload):
        (size,) = struct.unpack_from("!i", payload, at)
        at += 4
        found.append(payload[at : at + max(size, 0)])
        at += max(size, 0)
    return found
