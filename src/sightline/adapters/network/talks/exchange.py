"""One attempt under way: what all probers that talk over the network do alike, and the Outcome that it comes to."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Final, Generic, TypeVar

from sightline.adapters.network.dialling import Dialler
from sightline.adapters.network.failure import Failure, failure_of, quoted
from sightline.adapters.network.link import Ended, Link
from sightline.adapters.network.secret_files import hidden
from sightline.adapters.network.talks.target import Target, parse_target
from sightline.domain.probes.options import Options, TlsTrust
from sightline.domain.probes.outcome import Certificate, Fact, Outcome, Phase, Reason
from sightline.ports.prober import Attempt

MAX_BODY: Final = 16 << 10
"""Bytes of what came that are kept for conditions."""
GRACE: Final = 0.03
"""Seconds over the timeout after which whatever is still awaited is given up; with it goes its better message."""
FAREWELL: Final = 1.0
"""Seconds that a goodbye may take."""

OptionsT = TypeVar("OptionsT", bound=Options)


class Exchange(Generic[OptionsT]):
    """Gathers what an attempt sees.

    awaiting: what is waited for, as messages say it. facts, status, version, body, size, address: as Outcome has them.
    """

    def __init__(self, attempt: Attempt, options: OptionsT, dialler: Dialler) -> None:
        self._loop = asyncio.get_running_loop()
        self._started = monotonic()
        self._attempt = attempt
        self._link: Link | None = None
        self._secrets: list[str] = []
        self._is_over = False
        self.options = options
        self.dialler = dialler
        self.phases: dict[Phase, float] = {}
        self.facts: dict[str, Fact] = {}
        self.where = ""
        self.address = ""
        self.awaiting = "a connection"
        self.status: int | None = None
        self.version = ""
        self.body = b""
        self.size = 0

    @property
    def seconds(self) -> float:
        """Since the attempt began."""
        return monotonic() - self._started

    @property
    def left(self) -> float:
        """Seconds until the timeout."""
        return max(self._attempt.timeout - self.seconds, 0.0)

    @property
    def url(self) -> str:
        """What is probed, as it is written."""
        return self._attempt.definition.url

    @property
    def timeout(self) -> float:
        """Seconds for all of it."""
        return self._attempt.timeout

    def keep_secret(self, *secrets: str) -> None:
        """Whatever a server says, do not repeat these."""
        self._secrets.extend(secrets)

    def target(self, *schemes: str) -> Target:
        """Whom the check is about; its password is kept secret."""
        target = parse_target(self.url, schemes)
        self.keep_secret(target.password)
        return target

    async def addresses(self, host: str) -> tuple[str, ...]:
        """The addresses of a host that may be talked to."""
        self.awaiting = f"the address of {host}"
        begun = monotonic()
        found = await self.dialler.addresses(host, self.options.ip_version, self.left)
        if host not in found:
            self.phases[Phase.RESOLVE] = monotonic() - begun
        return found

    async def connect(self, target: Target, port: int, addresses: tuple[str, ...] = ()) -> Link:
        """A connection to the target. port: where it does not say one. addresses: of it, where they are known."""
        self.close()
        port = target.port or port
        self.where = target.where(port)
        addresses = addresses or await self.addresses(target.host)
        self.awaiting = "a connection (is it up, and does a firewall drop what comes?)"
        begun = monotonic()
        self._link = await self.dialler.connect(addresses, port, self.where)
        self.phases[Phase.CONNECT] = monotonic() - begun
        self.address = self._link.address
        return self._link

    async def encrypt(self, link: Link, trust: TlsTrust, host: str) -> None:
        """Begin TLS on a connection."""
        self.awaiting = "the end of the TLS handshake (is TLS spoken there?)"
        begun = monotonic()
        await self.dialler.encrypt(link, trust, host)
        self.phases[Phase.TLS] = monotonic() - begun
        if link.verified_until is not None:
            self.facts["ssl_last_chain_expiry"] = link.verified_until / 1_000

    async def farewell(self, link: Link, goodbye: bytes, *, answered: bool = False) -> None:
        """Say goodbye, and where that is answered wait a moment for it. What goes wrong then is nobody's fault."""
        self._heard(link)
        self._is_over = True
        try:
            async with asyncio.timeout(min(FAREWELL, self.left)):
                await link.send(goodbye)
                if answered:
                    await link.line()
        except (OSError, Ended, Failure):  # TimeoutError is an OSError
            pass

    def refuse(self, reason: Reason, message: str) -> Failure:
        """What is raised where an answer is not as it should be: the place is put in front of the message."""
        return Failure(reason, f"{self.where} {message}")

    def close(self) -> None:
        """Leave nothing open."""
        if self._link is not None:
            if not self._is_over:
                self._heard(self._link)
            self._link.close()

    def outcome(self, reason: Reason = Reason.OK, message: str = "") -> Outcome:
        """What the attempt comes to."""
        return Outcome(
            reason=reason,
            message=hidden(message, self._secrets),
            seconds=self.seconds,
            phases=tuple((phase, self.phases[phase]) for phase in Phase if phase in self.phases),
            status=self.status,
            body=self.body[:MAX_BODY],
            size=self.size,
            certificate=self._certificate,
            address=self.address,
            version=self.version,
            facts=self.facts,
        )

    @property
    def _certificate(self) -> Certificate | None:
        return None if self._link is None else self._link.certificate

    def _heard(self, link: Link) -> None:
        """Note how long the last answer took."""
        self.size = max(self.size, link.size)
        if link.heard_at is not None:
            self.phases[Phase.PROCESSING] = link.heard_at - link.asked_at
            self.phases[Phase.TRANSFER] = link.last_at - link.heard_at


Talk = Callable[[Exchange[OptionsT]], Awaitable[None]]


async def conduct(attempt: Attempt, kind: type[OptionsT], dialler: Dialler, talk: Talk[OptionsT]) -> Outcome:
    """Have a talk with a target, in time, and say how it went. kind: of the options that the talk knows."""
    options: Options = attempt.definition.options
    if not isinstance(options, kind):
        return Outcome(
            reason=Reason.BAD_TARGET, message=f"this prober does not know checks of type {attempt.definition.kind}"
        )
    exchange = Exchange(attempt, options, dialler)
    failure: Failure | None = None
    try:
        async with asyncio.timeout(attempt.timeout + GRACE):
            await talk(exchange)
    except Failure as error:
        failure = error
    except Ended:
        failure = exchange.refuse(Reason.RESET, f"closed the connection: awaited was {exchange.awaiting}")
    except TimeoutError:
        failure = _late(exchange)
    except OSError as error:
        failure = failure_of(error, exchange.where)
    except Exception as error:  # noqa: BLE001 - whatever else a server makes us stumble over is an outcome too
        failure = exchange.refuse(Reason.DEFECT, f"made the probe fail: {type(error).__name__}: {quoted(str(error))}")
    finally:
        exchange.close()
    return exchange.outcome() if failure is None else exchange.outcome(failure.reason, failure.message)


def _late(exchange: Exchange[OptionsT]) -> Failure:
    where = f"{exchange.where}: " if exchange.where else ""
    return Failure(Reason.TIMED_OUT, f"{where}no sign of {exchange.awaiting} within {exchange.timeout:g} s")
