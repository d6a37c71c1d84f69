"""Messages of mail as bytes: addresses, headers that nothing can be smuggled into, and texts of several kinds.

Sources: RFC 5322, RFC 2047 (words that are not ASCII), RFC 2046 (alternatives).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formataddr, getaddresses
from typing import Final

from sightline.domain.errors import BadData

MAX_HEADER: Final = 4_000
"""Characters of a header's value that are sent; labels can be of any length, and servers refuse headers that are too long."""

_NAME: Final = re.compile(r"[!-9;-~]+")
_LOCAL: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Za-z.:]+\]")
_ADDRESSES: Final = frozenset({"from", "to", "cc", "reply-to", "sender"})
_OWN: Final = frozenset({"mime-version", "content-type", "content-transfer-encoding", "content-disposition"})
"""Headers that say how a message is made, which nobody but who makes it knows."""
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_LINE: Final = 76
_LONGEST: Final = 900
"""Characters of a line that is not divided; servers take 998 with the name."""


@dataclass(frozen=True, slots=True)
class Address:
    """Whom mail is for or from. spec: the address itself, ASCII; name: of the person, which may be empty."""

    spec: str
    name: str = ""


def addresses(text: str) -> tuple[Address, ...]:
    """Addresses as people write them, `Ops <ops@example.org>, dba@example.org`, each once; at least one.

    Raises:
        BadData: something is no address; the message names it.
    """
    found: dict[str, Address] = {}
    for name, spec in getaddresses([_one_line(text)]):
        if name or spec:
            found.setdefault(spec, Address(_checked(spec), _one_line(name)))
    if not found:
        raise BadData("there is no address")
    return tuple(found.values())


def checked_name(name: str) -> str:
    """The name of a header.

    Raises:
        BadData: it cannot be one.
    """
    if not _NAME.fullmatch(name):
        raise BadData(f"{name[:40]!a} cannot be the name of a header: use letters, digits and hyphens")
    return name


def message(headers: Mapping[str, str], defaults: Mapping[str, str], *, text: str, html: str) -> bytes:
    """A message with one part for each text that is not empty, the plain one first; lines end with CR LF.

    headers: as people write them; whatever is in a value stays in that value. defaults: those that are sent unless `headers` has
    one of the same name, in which small and capital letters are alike.
    """
    whole = EmailMessage(policy=SMTP)
    whole["MIME-Version"] = "1.0"
    whole.make_alternative()
    for subtype, content in (("plain", text), ("html", html)):
        if content or (subtype == "plain" and not html):
            part = EmailMessage(policy=SMTP)
            part.set_content(_sendable(content), subtype=subtype, charset="utf-8", cte="quoted-printable")
            del part["MIME-Version"]
            whole.attach(part)
    given = {name.lower() for name in headers} | _OWN
    every = [(name, value) for name, value in defaults.items() if name.lower() not in given]
    every += [(name, value) for name, value in headers.items() if name.lower() not in _OWN]
    lines = "".join(f"{checked_name(name)}: {_value(name, value)}\r\n" for name, value in every)
    return lines.encode("ascii") + whole.as_bytes()


def _checked(spec: str) -> str:
    local, at, domain = spec.rpartition("@")
    try:
        ascii_domain = domain if domain.isascii() else domain.encode("idna").decode("ascii")
    except UnicodeError:
        ascii_domain = ""
    if not at or not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(ascii_domain):
        raise BadData(f"{spec[:80]!a} is no address of mail: write name@example.org")
    return f"{local}@{ascii_domain}"


def _value(name: str, value: str) -> str:
    """What stands behind the colon: ASCII in lines of which each but the first begins with a space."""
    clean = _one_line(value)[:MAX_HEADER]
    if name.lower() in _ADDRESSES:
        try:
            # Names are encoded one by one, for an address within an encoded word is none to programs.
            return ",\r\n ".join(formataddr((each.name, each.spec)) for each in addresses(clean))
        except BadData:
            pass  # `undisclosed-recipients:;` and the like
    return _folded(clean)


def _folded(clean: str) -> str:
    """Text as it is where that is safe, or else in encoded words, in which only letters, digits and few signs remain."""
    if clean.isascii() and "=?" not in clean and len(clean) <= _LONGEST:
        return clean
    return Header(clean, "utf-8", maxlinelen=_LINE).encode(linesep="\r\n")


def _one_line(text: str) -> str:
    """Text without what breaks lines, and spaces for it."""
    return " ".join(_CONTROL.sub(" ", text).split())


def _sendable(text: str) -> str:
    """Text that has a form in UTF-8: halves of characters, which JSON can bring, become question marks."""
    return text.encode("utf-8", "replace").decode()
