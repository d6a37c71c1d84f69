"""Conditions of Gatus in our language.

Source: https://github.com/TwiN/gatus#conditions. Gatus compares texts where it can, so that 5 is "5"; what is translated does too.
"""

import re
from collections.abc import Callable
from typing import Final

from sightline.adapters.wire.imported_checks import json_path, loose
from sightline.domain.errors import BadData
from sightline.domain.probes.quantity import quoted
from sightline.domain.timerange import parse_duration

_COMPARED: Final = re.compile(r"\s*(.+?)\s*(==|!=|<=|>=|<|>)\s*(.+?)\s*", re.DOTALL)
_PLACE: Final = re.compile(
    r"\[(STATUS|CONNECTED|RESPONSE_TIME|IP|BODY|CERTIFICATE_EXPIRATION|DOMAIN_EXPIRATION|DNS_RCODE)\](.*)"
)
_CALL: Final = re.compile(r"(len|has|pat|any)\((.*)\)", re.DOTALL)
_NUMBER: Final = re.compile(r"-?\d{1,15}(?:\.\d{1,9})?")
_SPECIAL: Final = re.compile(r"([.+?^$(){}|\[\]\\])")
_MIRRORED: Final = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}


def translated(text: str, *, dns: bool = False) -> str:
    """A condition in our language; empty where it says nothing beyond what a check says anyway.

    dns: whether it is of a check that asks for names.

    Raises:
        BadData: it cannot be said in it.
    """
    found = _COMPARED.fullmatch(text)
    if found is None:
        raise BadData(f"{text[:80]!r} is no comparison")
    left, op, right = found.groups()
    if "[" not in left and "[" in right:
        left, right, op = right, left, _MIRRORED.get(op, op)
    if (call := _CALL.fullmatch(left)) is not None:
        return _of_call(call[1], call[2], op, right)
    place = _PLACE.fullmatch(left)
    if place is None:
        raise BadData(f"{left[:60]!r} is not known here")
    name, rest = place[1], place[2]
    if name == "BODY" and dns and not rest:
        return _each(op, right, lambda one: f"answers contains {quoted(one)}", "any(answers)")
    if name == "BODY":
        subject = _body(rest)
        return _text(subject, op, right) if subject == "body" else _json(subject, op, right)
    if rest:
        raise BadData(f"{rest[:40]!r} behind [{name}] is not known here")
    return _PLACES[name](op, right)


def _status(op: str, right: str) -> str:
    return _number("status", op, right)


def _connected(op: str, right: str) -> str:
    if (op, right.lower()) in {("==", "true"), ("!=", "false")}:
        return ""
    raise BadData("a check that wants no connection is not known here")


def _time(op: str, right: str) -> str:
    return f"latency {op} {_duration(right)}"


def _certificate(op: str, right: str) -> str:
    return f"certificate.expires_in {op} {_duration(right)}"


def _domain(_op: str, _right: str) -> str:
    raise BadData("make a check of type domain for it")


def _address(op: str, right: str) -> str:
    return _text("address", op, right)


def _rcode(op: str, right: str) -> str:
    return _text("rcode", op, right)


_PLACES: Final[dict[str, Callable[[str, str], str]]] = {
    "STATUS": _status,
    "CONNECTED": _connected,
    "RESPONSE_TIME": _time,
    "IP": _address,
    "CERTIFICATE_EXPIRATION": _certificate,
    "DOMAIN_EXPIRATION": _domain,
    "DNS_RCODE": _rcode,
}


def _of_call(name: str, inner: str, op: str, right: str) -> str:
    place = _PLACE.fullmatch(inner.strip())
    if name not in {"len", "has"} or place is None or place[1] != "BODY":
        raise BadData(f"{name}({inner[:40]}) is not known here")
    subject = _body(place[2], whole="json")
    if name == "len":
        return _number(f"len({subject})", op, right)
    wanted = {("==", "true"): "", ("!=", "false"): "", ("==", "false"): "not ", ("!=", "true"): "not "}
    if (op, right.lower()) not in wanted:
        raise BadData("has(...) is compared with true or false")
    return f"{wanted[op, right.lower()]}has({subject})"


def _body(rest: str, whole: str = "body") -> str:
    if not rest.strip():
        return "body" if whole == "body" else 'json("$")'
    path = json_path(rest)
    if path is None:
        raise BadData(f"{rest[:60]!r} is no path of names and indexes")
    return f"json({quoted(path)})"


def _number(subject: str, op: str, right: str) -> str:
    if (call := _CALL.fullmatch(right)) is not None and call[1] == "any" and op in {"==", "!="}:
        numbers = [_plain_number(one) for one in _arguments(call[2])]
        return f"{'not ' if op == '!=' else ''}{subject} in ({', '.join(numbers)})"
    return f"{subject} {op} {_plain_number(right)}"


def _plain_number(text: str) -> str:
    if not _NUMBER.fullmatch(text.strip()):
        raise BadData(f"{text[:40]!r} is no number")
    return text.strip()


def _text(subject: str, op: str, right: str) -> str:
    return _each(op, right, lambda one: f"{subject} == {quoted(one)}", subject)


def _json(subject: str, op: str, right: str) -> str:
    if op in _MIRRORED:
        return f"{subject} {op} {_plain_number(right)}"
    return _each(op, right, lambda one: f"{subject} {loose(one)}", subject)


def _each(op: str, right: str, compared: Callable[[str], str], subject: str) -> str:
    """Equality with a text, a pattern, or any of several."""
    if op not in {"==", "!="}:
        raise BadData(f"{op} compares numbers")
    call = _CALL.fullmatch(right)
    if call is not None and call[1] == "any":
        parts = [_one(one, compared, subject) for one in _arguments(call[2])]
    else:
        parts = [_one(right, compared, subject)]
    whole = " or ".join(parts)
    return whole if op == "==" else f"not ({whole})" if len(parts) > 1 else f"not {whole}"


def _one(text: str, compared: Callable[[str], str], subject: str) -> str:
    call = _CALL.fullmatch(text)
    if call is not None and call[1] == "pat":
        return _pattern(subject, call[2].strip())
    return compared(text.strip().strip('"'))


def _pattern(subject: str, pattern: str) -> str:
    """`*` is any text, `?` any character."""
    if pattern.startswith("*") and pattern.endswith("*") and not set("*?") & set(pattern[1:-1]) and len(pattern) > 1:
        inner = pattern.strip("*")
        return (
            f"{subject} contains {quoted(inner)}"
            if subject == "body"
            else f"{subject} matches {quoted(_escaped(inner))}"
        )
    body = "".join({"*": ".*", "?": "."}.get(one, _escaped(one)) for one in pattern)
    return f"{subject} matches {quoted(f'^{body}$')}"


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)


def _arguments(text: str) -> list[str]:
    """What stands between commas, those in parentheses apart."""
    found, depth, start = [], 0, 0
    for at, one in enumerate(text):
        depth += (one == "(") - (one == ")")
        if one == "," and not depth:
            found.append(text[start:at].strip())
            start = at + 1
    return [*found, text[start:].strip()]


def _duration(text: str) -> str:
    """A duration as Go has it; a number is ms."""
    if _NUMBER.fullmatch(text):
        return f"{text}ms"
    try:
        parse_duration(text)
    except BadData:
        raise BadData(f"{text[:40]!r} is no duration here") from None
    return text
