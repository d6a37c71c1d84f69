"""A connection, and a talk over it: texts that are sent and regular expressions that answers must match."""

from typing import Any, Final

from typing_extensions import override

from sightline.adapters.network.dialling import Dialler
from sightline.adapters.network.failure import Failure, quoted
from sightline.adapters.network.link import Ended, Link
from sightline.adapters.network.talks.exchange import Exchange, conduct
from sightline.domain.errors import BadData
from sightline.domain.probes.options import TalkStep, Tcp, TlsTrust
from sightline.domain.probes.outcome import Outcome, Reason
from sightline.domain.regex import compiled_regex
from sightline.ports.prober import Attempt, Prober

MAX_ANSWER: Final = 16 << 10
"""Bytes in which what a step expects must be found."""


class TcpProber(Prober):
    """With a step of STARTTLS `tls` is for that, and the connection begins in the clear.

    Facts: `failed_due_to_regex`, 1 where the connection ended before anything matched, else 0; with TLS `ssl_last_chain_expiry`,
    in seconds.
    """

    kinds = frozenset({"tcp"})

    def __init__(self, dialler: Dialler) -> None:
        self._dialler = dialler

    @override
    async def probe(self, attempt: Attempt) -> Outcome:
        return await conduct(attempt, Tcp, self._dialler, _talk)


async def _talk(exchange: Exchange[Tcp]) -> None:
    target = exchange.target("tcp", "tls")
    if not target.port:
        raise Failure(Reason.BAD_TARGET, "there is no port: write host:port")
    expected = [_compiled(step.expect) if step.expect else None for step in exchange.options.talk]
    link = await exchange.connect(target, target.port)
    trust = exchange.options.tls or TlsTrust()
    is_later = any(step.starttls for step in exchange.options.talk)
    if (exchange.options.tls is not None or target.scheme == "tls") and not is_later:
        await exchange.encrypt(link, trust, target.host)
    for step, regex in zip(exchange.options.talk, expected, strict=True):
        await _take_step(exchange, link, step, regex)
        if step.starttls:
            await exchange.encrypt(link, trust, target.host)


async def _take_step(exchange: Exchange[Tcp], link: Link, step: TalkStep, regex: Any) -> None:
    if step.send:
        await link.send(step.send.encode())
    if regex is None:
        return
    exchange.awaiting = f"something that matches /{step.expect}/"
    held = link.held
    try:
        while not (end := _end_of_match(regex, held)):
            if len(held) >= MAX_ANSWER:
                raise exchange.refuse(
                    Reason.ANSWER_TOO_LARGE, f"sent {len(held)} bytes in which nothing matches /{step.expect}/"
                )
            held = await link.more()
            exchange.awaiting = f"something that matches /{step.expect}/ (what came is {quoted(held)!r})"
    except Ended:
        exchange.facts["failed_due_to_regex"] = 1.0
        said = f"answered {quoted(held)!r}" if held else "closed the connection without an answer"
        raise exchange.refuse(Reason.UNEXPECTED, f"{said}, which does not match /{step.expect}/") from None
    finally:
        exchange.body += held
    link.take(end)
    exchange.body = exchange.body[: len(exchange.body) - len(held) + end]
    exchange.facts["failed_due_to_regex"] = 0.0


def _compiled(expect: str) -> Any:
    try:
        # Line by line, as blackbox_exporter looks at answers; yet what spans lines may be written too.
        return compiled_regex(f"(?m:{expect})", dot_nl=False)
    except BadData as error:
        raise Failure(Reason.BAD_TARGET, f"expect cannot be used: {error.message}") from None


def _end_of_match(regex: Any, held: bytes) -> int:
    """Bytes up to the end of the line with the first match; 0 where there is none. An end of line may be written as CR and LF."""
    text = held.decode(errors="replace")
    for variant in (text.replace("\r\n", "\n"), text):
        match = regex.search(variant)
        if match is not None:
            lines = variant.count("\n", 0, match.end()) + 1
            return _after_lines(held, lines)
    return 0


def _after_lines(held: bytes, lines: int) -> int:
    at = 0
    for _ in range(lines):
        at = held.find(b"\n", at) + 1
        if at == 0:
            return len(held)
    return at
