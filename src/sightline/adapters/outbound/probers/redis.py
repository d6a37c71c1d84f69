"""Redis and what speaks its protocol (RESP): AUTH where told, then PING."""

from typing import Final

from typing_extensions import override

from sightline.adapters.network.dialling import Dialler
from sightline.adapters.network.failure import quoted
from sightline.adapters.network.link import Link
from sightline.adapters.network.talks.exchange import Exchange, conduct
from sightline.domain.probes.options import Redis, TlsTrust
from sightline.domain.probes.outcome import Outcome, Reason
from sightline.ports.prober import Attempt, Prober

PORT: Final = 6379

_ERRORS: Final = {
    "NOAUTH": (Reason.AUTHENTICATION, "asks for a password: set one"),
    "WRONGPASS": (Reason.AUTHENTICATION, "does not take the user or the password"),
    "NOPERM": (Reason.AUTHENTICATION, "does not allow the user PING"),
    "DENIED": (Reason.AUTHENTICATION, "is in protected mode: set a password there, or let it listen for us"),
    "LOADING": (Reason.NOT_SERVING, "is still loading its data"),
    "BUSY": (Reason.NOT_SERVING, "is busy running a script"),
    "MASTERDOWN": (Reason.NOT_SERVING, "has lost its master"),
    "MISCONF": (Reason.NOT_SERVING, "cannot save its data"),
}
"""What the first word of an error means."""


class RedisProber(Prober):
    """Body: the answer to PING."""

    kinds = frozenset({"redis"})

    def __init__(self, dialler: Dialler) -> None:
        self._dialler = dialler

    @override
    async def probe(self, attempt: Attempt) -> Outcome:
        return await conduct(attempt, Redis, self._dialler, _talk)


async def _talk(exchange: Exchange[Redis]) -> None:
    target, options = exchange.target("redis", "rediss"), exchange.options
    exchange.keep_secret(options.password)
    link = await exchange.connect(target, PORT)
    trust = options.tls or (TlsTrust() if target.scheme == "rediss" else None)
    if trust is not None:
        await exchange.encrypt(link, trust, target.host)
    username, password = options.username or target.username, options.password or target.password
    if password:
        await _command(exchange, link, "AUTH", *((username,) if username else ()), password)
    answer = await _command(exchange, link, "PING")
    exchange.body = answer.encode()
    if answer != "PONG":
        raise exchange.refuse(Reason.UNEXPECTED, f"answered {answer!r} to PING, not 'PONG'")


async def _command(exchange: Exchange[Redis], link: Link, *words: str) -> str:
    """The answer in one line.

    Raises:
        Failure: it is an error, or none of RESP.
    """
    exchange.awaiting = f"an answer to {words[0]}"
    parts = [f"${len(word.encode())}\r\n{word}\r\n" for word in words]
    await link.send(f"*{len(words)}\r\n{''.join(parts)}".encode())
    line = await link.line()
    mark, said = line[:1], quoted(line[1:])
    if mark == b"+":
        return said
    if mark != b"-":
        raise exchange.refuse(Reason.PROTOCOL, f"does not answer {words[0]} as Redis: {quoted(line)!r}")
    reason, meaning = _ERRORS.get(said.partition(" ")[0], (Reason.UNEXPECTED, f"refuses {words[0]}"))
    if words[0] == "AUTH" and reason is Reason.UNEXPECTED:
        reason, meaning = Reason.AUTHENTICATION, "does not take the password"
    raise exchange.refuse(reason, f"{meaning} ({said})")
