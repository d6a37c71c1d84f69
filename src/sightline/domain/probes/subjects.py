"""What conditions can ask of an outcome: names, what each is, and how it is read.

Facts are what only some kinds of check see. Probers give them by these names; a duration is in seconds there, an instant in ms.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sightline.domain.errors import BadData
from sightline.domain.probes.json_path import PathTooWide, parse_json_path
from sightline.domain.probes.outcome import Certificate, Phase
from sightline.domain.probes.quantity import Kind, quoted
from sightline.domain.probes.secret_names import is_secret_name
from sightline.domain.probes.seen import Missing, Seen

Read = Callable[[Seen], Any]
"""Gives a value of the subject's kind, or Missing. Durations are in ms, sizes in bytes."""

EXPIRES_AT: Final = "expires_at"
"""The fact that tells when a domain's registration ends, ms."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing that is asked for. text: as conditions write it. secret: whether its value is never shown."""

    text: str
    kind: Kind
    read: Read = field(compare=False, repr=False)
    secret: bool = field(default=False, compare=False)

    @property
    def name(self) -> str:
        """Its first word, such as `json` or `certificate.expires_in`."""
        return self.text.partition("(")[0]


def _certificate(text: str, kind: Kind, part: Callable[[Certificate, int], Any]) -> Subject:
    missing = Missing("no certificate was shown")

    def read(seen: Seen) -> Any:
        shown = seen.outcome.certificate
        return missing if shown is None else part(shown, seen.now)

    return Subject(f"certificate.{text}", kind, read)


def _phase(phase: Phase) -> Subject:
    missing = Missing(f"there was no phase {phase}")

    def read(seen: Seen) -> Any:
        return next((1000 * seconds for one, seconds in seen.outcome.phases if one is phase), missing)

    return Subject(f"phase.{phase}", Kind.DURATION, read)


def _fact(name: str, kind: Kind, key: str = "") -> Subject:
    key = key or name
    missing = Missing(f"there is no {name}")
    read = _FACT_READERS[kind]
    return Subject(name, kind, lambda seen: read(seen.outcome.facts.get(key), missing))


def _duration_fact(value: Any, missing: Missing) -> Any:
    return 1000 * value if isinstance(value, float | int) else missing


def _number_fact(value: Any, missing: Missing) -> Any:
    return value if isinstance(value, float | int) else missing


def _text_fact(value: Any, missing: Missing) -> Any:
    return value if isinstance(value, str) else missing


def _texts_fact(value: Any, missing: Missing) -> Any:
    return value if isinstance(value, tuple) else missing


def _any_fact(value: Any, missing: Missing) -> Any:
    return missing if value is None else list(value) if isinstance(value, tuple) else value


_FACT_READERS: Final = {
    Kind.DURATION: _duration_fact,
    Kind.NUMBER: _number_fact,
    Kind.TEXT: _text_fact,
    Kind.TEXTS: _texts_fact,
    Kind.ANY: _any_fact,
}


def _domain_left(seen: Seen) -> Any:
    ends = seen.outcome.facts.get(EXPIRES_AT)
    return ends - seen.now if isinstance(ends, float | int) else Missing("the end of the registration is not known")


def _status(seen: Seen) -> Any:
    status = seen.outcome.status
    return Missing("there is no status") if status is None else status


def _stated(name: str, read: Callable[[Seen], str]) -> Subject:
    missing = Missing(f"there is no {name}")
    return Subject(name, Kind.TEXT, lambda seen: read(seen) or missing)


_EVERY: Final = (
    Subject("status", Kind.NUMBER, _status),
    Subject("latency", Kind.DURATION, lambda seen: 1000 * seen.outcome.seconds),
    *map(_phase, Phase),
    Subject("body", Kind.TEXT, lambda seen: seen.text),
    Subject("size", Kind.SIZE, lambda seen: seen.outcome.size),
    Subject("redirects", Kind.NUMBER, lambda seen: seen.outcome.redirects),
    _stated("version", lambda seen: seen.outcome.version),
    _stated("address", lambda seen: seen.outcome.address),
    _stated("url", lambda seen: seen.outcome.url),
    _certificate("expires_in", Kind.DURATION, lambda shown, now: shown.expires_at - now),
    _certificate("subject", Kind.TEXT, lambda shown, _: shown.subject),
    _certificate("issuer", Kind.TEXT, lambda shown, _: shown.issuer),
    _certificate("fingerprint", Kind.TEXT, lambda shown, _: shown.fingerprint),
    _certificate("names", Kind.TEXTS, lambda shown, _: shown.names),
    _certificate("version", Kind.TEXT, lambda shown, _: shown.version),
    _certificate("cipher", Kind.TEXT, lambda shown, _: shown.cipher),
    Subject("domain.expires_in", Kind.DURATION, _domain_left),
    _fact("domain.registrar", Kind.TEXT, "registrar"),
    _fact("answers", Kind.TEXTS),
    _fact("rcode", Kind.TEXT),
    _fact("ttl", Kind.DURATION),
    _fact("loss", Kind.NUMBER),
    _fact("rtt_min", Kind.DURATION),
    _fact("rtt_avg", Kind.DURATION),
    _fact("rtt_max", Kind.DURATION),
    _fact("offset", Kind.DURATION),
    _fact("delay", Kind.DURATION),
    _fact("stratum", Kind.NUMBER),
    _fact("banner", Kind.TEXT),
    _fact("software", Kind.TEXT),
    _fact("capabilities", Kind.TEXTS),
    _fact("value", Kind.NUMBER),
    _fact("rows", Kind.NUMBER),
)
SUBJECTS: Final[Mapping[str, Subject]] = {subject.text: subject for subject in _EVERY}
"""By name, those that are given no argument."""

ONLY_OF: Final[Mapping[str, frozenset[str]]] = {
    "answers": frozenset({"dns"}),
    "rcode": frozenset({"dns"}),
    "ttl": frozenset({"dns"}),
    "loss": frozenset({"icmp"}),
    "rtt_min": frozenset({"icmp"}),
    "rtt_avg": frozenset({"icmp"}),
    "rtt_max": frozenset({"icmp"}),
    "offset": frozenset({"ntp"}),
    "delay": frozenset({"ntp"}),
    "stratum": frozenset({"ntp"}),
    "software": frozenset({"ssh"}),
    "capabilities": frozenset({"mail"}),
    "value": frozenset({"promql"}),
    "rows": frozenset({"postgres"}),
    "domain.expires_in": frozenset({"domain"}),
    "domain.registrar": frozenset({"domain"}),
    "redirects": frozenset({"http"}),
    "header": frozenset({"http", "websocket"}),
}
"""The kinds of check that see what others never do."""


def header(name: str) -> Subject:
    """A header of the answer, by its name in any case.

    Raises:
        BadData: the name is empty.
    """
    if not name.strip():
        raise BadData("the name of a header is empty")
    lower = name.strip().lower()
    missing = Missing(f"there is no header {lower[:60]}")
    return Subject(
        f"header({quoted(lower)})",
        Kind.TEXT,
        lambda seen: seen.headers.get(lower, missing),
        is_secret_name(lower),
    )


def fact(name: str) -> Subject:
    """Whatever a prober says by a name."""
    missing = Missing(f"there is no fact {name[:60]}")
    return Subject(f"fact({quoted(name)})", Kind.ANY, lambda seen: _any_fact(seen.outcome.facts.get(name), missing))


def json(path: str) -> Subject:
    """What stands at a path of a body in JSON.

    Raises:
        BadData: not a path.
    """
    parsed = parse_json_path(path)
    text = f"json({quoted(parsed.text)})"
    missing = Missing(f"there is no {text}")

    def find(seen: Seen) -> Any:
        root = seen.json
        if isinstance(root, Missing):
            return root
        try:
            return parsed.find(root)
        except PathTooWide as error:
            return Missing(str(error))

    def first(seen: Seen) -> Any:
        found = find(seen)
        return found if isinstance(found, Missing) else found[0] if found else missing

    return Subject(text, Kind.ANY, first) if parsed.single else Subject(text, Kind.VALUES, find)


WITH_TEXT: Final[Mapping[str, Callable[[str], Subject]]] = {"json": json, "header": header, "fact": fact}
"""Those that are given a text."""


def length(of: Subject) -> Subject:
    """How many characters or elements something has."""
    kind = of.kind

    def read(seen: Seen) -> Any:
        value = of.read(seen)
        if isinstance(value, Missing):
            return value
        if isinstance(value, str | list | tuple | dict):
            return len(value)
        return Missing(f"{of.text} has no length")

    if kind in {Kind.NUMBER, Kind.DURATION, Kind.SIZE}:
        raise BadData(f"{of.text} is {kind}, which has no length")
    return Subject(f"len({of.text})", Kind.NUMBER, read)
