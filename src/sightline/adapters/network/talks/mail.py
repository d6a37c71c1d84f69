"""What SMTP, IMAP and POP3 say before anything is sent: greetings, capabilities, the way into TLS, goodbyes.

Sources: RFC 5321 and 3207 (SMTP), RFC 9051 (IMAP), RFC 1939, 2449 and 2595 (POP3).
"""

from typing import Any, Final

from sightline.adapters.network.failure import quoted
from sightline.adapters.network.link import Link
from sightline.adapters.network.talks.exchange import Exchange
from sightline.domain.probes.outcome import Reason

MAX_LINES: Final = 100
"""Of one answer."""
_NAME: Final = b"sightline.invalid"
"""Who we say that we are: a name that nobody has (RFC 6761)."""

Call = Exchange[Any]


async def smtp_reply(call: Call, link: Link, accepted: int) -> list[str]:
    """The lines of a reply with this code, without it; another one is a failure. Its code becomes the status."""
    lines: list[str] = []
    for _ in range(MAX_LINES):
        line = await link.line()
        code, mark = line[:3], line[3:4]
        if not code.isdigit() or mark not in {b" ", b"-", b""}:
            raise call.refuse(Reason.PROTOCOL, f"does not answer as SMTP: {quoted(line)!r}")
        lines.append(quoted(line[4:]))
        if mark != b"-":
            call.status = int(code)
            if call.status != accepted:
                reason = Reason.NOT_SERVING if call.status in {421, 450, 451, 554} else Reason.UNEXPECTED
                raise call.refuse(reason, f"answered {call.status} {lines[-1]} where {call.awaiting} was awaited")
            return lines
    raise call.refuse(Reason.ANSWER_TOO_LARGE, f"sent a reply of more than {MAX_LINES} lines")


async def smtp_greeting(call: Call, link: Link) -> None:
    """220, and what EHLO tells."""
    call.awaiting = "a greeting with code 220"
    greeting = await smtp_reply(call, link, 220)
    call.facts["banner"] = greeting[-1]
    await smtp_capabilities(call, link)


async def smtp_capabilities(call: Call, link: Link) -> None:
    """What EHLO tells."""
    call.awaiting = "an answer to EHLO with code 250"
    await link.send(b"EHLO " + _NAME + b"\r\n")
    lines = await smtp_reply(call, link, 250)
    call.facts["capabilities"] = tuple(line.upper() for line in lines[1:])


async def smtp_starttls(call: Call, link: Link) -> None:
    """Greeting and STARTTLS; TLS is to begin after that."""
    await smtp_greeting(call, link)
    _must_offer(call, "STARTTLS")
    call.awaiting = "an answer to STARTTLS with code 220"
    await link.send(b"STARTTLS\r\n")
    await smtp_reply(call, link, 220)


async def imap_greeting(call: Call, link: Link) -> None:
    """An untagged OK or PREAUTH, and capabilities."""
    call.awaiting = "a greeting of IMAP"
    line = quoted(await link.line())
    mark, _, rest = line.partition(" ")
    word = rest.partition(" ")[0].upper()
    if mark != "*" or word not in {"OK", "PREAUTH", "BYE"}:
        raise call.refuse(Reason.PROTOCOL, f"does not answer as IMAP: {line!r}")
    call.facts["banner"] = rest
    if word == "BYE":
        raise call.refuse(Reason.NOT_SERVING, f"does not serve: {rest}")
    await imap_capabilities(call, link)


async def imap_capabilities(call: Call, link: Link) -> None:
    """What CAPABILITY tells."""
    lines = await _imap_command(call, link, "CAPABILITY")
    told = [line for line in lines if line.upper().startswith("* CAPABILITY ")]
    call.facts["capabilities"] = tuple(word.upper() for line in told for word in line.split()[2:])


async def imap_starttls(call: Call, link: Link) -> None:
    """Greeting and STARTTLS."""
    await imap_greeting(call, link)
    _must_offer(call, "STARTTLS")
    await _imap_command(call, link, "STARTTLS")


async def _imap_command(call: Call, link: Link, command: str) -> list[str]:
    """The untagged lines that come before the tagged OK."""
    call.awaiting = f"an answer to {command}"
    tag = f"s{command[0].lower()}"
    await link.send(f"{tag} {command}\r\n".encode())
    lines: list[str] = []
    for _ in range(MAX_LINES):
        # Not `quoted`: a list of capabilities may be longer than what is repeated to people.
        line = (await link.line()).decode(errors="replace")
        if line.startswith("* "):
            lines.append(line)
            continue
        first, _, rest = line.partition(" ")
        if first != tag:
            raise call.refuse(Reason.PROTOCOL, f"does not answer {command} as IMAP: {quoted(line)!r}")
        if not rest.upper().startswith("OK"):
            raise call.refuse(Reason.UNEXPECTED, f"answered {quoted(rest)!r} to {command}")
        return lines
    raise call.refuse(Reason.ANSWER_TOO_LARGE, f"answered {command} with more than {MAX_LINES} lines")


async def pop3_greeting(call: Call, link: Link) -> None:
    """+OK, and capabilities where there are any."""
    call.awaiting = "a greeting of POP3"
    call.facts["banner"] = await _pop3_reply(call, link, "the connection")
    await pop3_capabilities(call, link)


async def pop3_capabilities(call: Call, link: Link) -> None:
    """What CAPA tells; servers need not know it."""
    call.awaiting = "an answer to CAPA"
    await link.send(b"CAPA\r\n")
    if not (await link.line()).startswith(b"+OK"):
        return
    found: list[str] = []
    for _ in range(MAX_LINES):
        line = await link.line()
        if line == b".":
            call.facts["capabilities"] = tuple(found)
            return
        found.append(quoted(line).upper())
    raise call.refuse(Reason.ANSWER_TOO_LARGE, f"answered CAPA with more than {MAX_LINES} lines")


async def pop3_starttls(call: Call, link: Link) -> None:
    """Greeting and STLS."""
    await pop3_greeting(call, link)
    _must_offer(call, "STLS")
    call.awaiting = "an answer to STLS"
    await link.send(b"STLS\r\n")
    await _pop3_reply(call, link, "STLS")


async def _pop3_reply(call: Call, link: Link, command: str) -> str:
    line = quoted(await link.line())
    word, _, rest = line.partition(" ")
    if word == "-ERR":
        raise call.refuse(Reason.NOT_SERVING, f"answered {line!r} to {command}")
    if word != "+OK":
        raise call.refuse(Reason.PROTOCOL, f"does not answer {command} as POP3: {line!r}")
    return rest


def _must_offer(call: Call, command: str) -> None:
    offered = call.facts.get("capabilities", ())
    if isinstance(offered, tuple) and command not in offered:
        raise call.refuse(Reason.UNEXPECTED, f"does not offer {command}: enable TLS there, or do not ask for it")
