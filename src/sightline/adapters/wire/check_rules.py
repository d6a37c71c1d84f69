"""What a definition may say: beyond the types of its fields, whether all of it makes sense together."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from sightline.domain.errors import BadData
from sightline.domain.nearest import nearest
from sightline.domain.probes.accepted import accepted_codes
from sightline.domain.probes.check import MAX_NAME, Definition
from sightline.domain.probes.condition import parse_condition
from sightline.domain.probes.cron import check_zone, parse_cron
from sightline.domain.probes.options import Composed, Dns, Heartbeat, Http, Promql, Tcp, WebSocket
from sightline.domain.probes.subjects import ONLY_OF
from sightline.domain.promql.parse import parse as parse_promql
from sightline.domain.regex import compiled_regex
from sightline.domain.timerange import format_duration

MAX_CONDITIONS: Final = 50
MAX_TAGS: Final = 20
MAX_DEPENDENCIES: Final = 50
RESERVED: Final = frozenset({"target", "check", "type", "location", "group", "phase", "alertname", "severity"})
"""Labels that the program gives to a check's series and alerts."""
SEVERITIES: Final = ("critical", "warning", "info")
RECORD_TYPES: Final = frozenset(
    {
        *("A", "AAAA", "ANY", "CAA", "CDNSKEY", "CDS", "CNAME", "DNAME", "DNSKEY", "DS", "HINFO", "HTTPS", "LOC", "MX"),
        *("NAPTR", "NS", "NSEC", "NSEC3PARAM", "OPENPGPKEY", "PTR", "RRSIG", "SMIMEA", "SOA", "SPF", "SRV", "SSHFP"),
        *("SVCB", "TLSA", "TXT", "URI"),
    }
)
RCODES: Final = frozenset(
    {
        *("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET"),
        *("NOTAUTH", "NOTZONE"),
    }
)
_LABEL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_LOCATION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_URL: Final = re.compile(r"https?://[^\s/?#]+\S*", re.IGNORECASE)
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{10,128}|\*\*\*")
_NO_CONDITIONS: Final = frozenset({"heartbeat", "composed"})

Problem = tuple[str, str]
"""The path of a field, and what is wrong with it."""


def problems(definition: Definition) -> Iterator[Problem]:
    """Everything that makes no sense, field by field."""
    yield from _named("name", definition.name, wanted=True)
    yield from _named("group", definition.group)
    yield from _times(definition)
    yield from _conditions(definition)
    yield from _tags(definition)
    yield from _others(definition)
    if definition.severity not in SEVERITIES:
        yield "severity", _none_of(definition.severity, SEVERITIES)
    if definition.runbook_url and not _URL.fullmatch(definition.runbook_url):
        yield "runbook_url", "is no address: write https://host/path"
    for path, one in _of_kind(definition):
        yield f"options.{path}", one


def _named(path: str, name: str, *, wanted: bool = False) -> Iterator[Problem]:
    if (wanted and not name) or len(name) > MAX_NAME or not name.isprintable() or name != name.strip():
        shown = f"{name[:40]!r} is no name: " if name else ""
        yield path, f"{shown}wants 1 to {MAX_NAME} characters that can be shown, no blank at either end"


def _times(definition: Definition) -> Iterator[Problem]:
    if definition.is_probed and definition.timeout > definition.interval:
        timeout, interval = format_duration(definition.timeout), format_duration(definition.interval)
        why = "a check is not probed again while it is probed, so make timeout shorter or interval longer"
        yield "timeout", f"{timeout} is longer than the interval of {interval}: {why}"
    waiting = definition.retries * definition.retry_interval
    if waiting >= definition.room and not isinstance(definition.options, Heartbeat):
        pause, interval = format_duration(definition.retry_interval), format_duration(definition.interval)
        said = (
            f"a retry after {pause} does"
            if definition.retries == 1
            else f"{definition.retries} retries {pause} apart do"
        )
        less = "make retry_interval shorter, retries fewer or interval longer"
        instead = "leave retries out and say by failures how many probes in a row must fail"
        yield "retry_interval", f"{said} not fit into the interval of {interval}: {less}, or {instead}"


def _conditions(definition: Definition) -> Iterator[Problem]:
    if len(definition.conditions) > MAX_CONDITIONS:
        yield "conditions", f"has {len(definition.conditions)} of them; {MAX_CONDITIONS} are allowed: join some by and"
    if definition.conditions and definition.kind in _NO_CONDITIONS:
        yield (
            "conditions",
            f"a check of type {definition.kind} sees nothing that conditions could look at: leave them out",
        )
        return
    for number, text in enumerate(definition.conditions):
        path = f"conditions[{number}]"
        try:
            condition = parse_condition(text)
        except BadData as error:
            yield path, error.message
            continue
        for subject in condition.subjects():
            kinds = ONLY_OF.get(subject.name)
            if kinds is not None and definition.kind not in kinds:
                yield (
                    path,
                    f"a check of type {definition.kind} has no {subject.name}; type {' or '.join(sorted(kinds))} has",
                )


def _tags(definition: Definition) -> Iterator[Problem]:
    if len(definition.tags) > MAX_TAGS:
        yield "tags", f"has {len(definition.tags)} of them; {MAX_TAGS} are allowed"
    for name, value in definition.tags.items():
        path = f"tags.{name[:60]}"
        if not _LABEL.fullmatch(name) or name.startswith("__"):
            yield path, "is no name of a label: letters, digits and underscores, no digit first, not __ in front"
        elif name in RESERVED:
            yield path, f"is a label that the program sets itself, as are {', '.join(sorted(RESERVED - {name}))}"
        if not value or len(value) > MAX_NAME or not value.isprintable():
            yield path, f"wants 1 to {MAX_NAME} characters that can be shown"


def _others(definition: Definition) -> Iterator[Problem]:
    """Other checks, and places."""
    yield from _distinct("depends_on", definition.depends_on)
    if definition.name in definition.depends_on:
        yield "depends_on", "a check does not depend on itself"
    if len(definition.depends_on) > MAX_DEPENDENCIES:
        yield "depends_on", f"has {len(definition.depends_on)} of them; {MAX_DEPENDENCIES} are allowed"
    yield from _distinct("locations", definition.locations)
    for number, name in enumerate(definition.locations):
        if not _LOCATION.fullmatch(name):
            yield (
                f"locations[{number}]",
                f"{name[:40]!r} is no location: letters, digits, dots, hyphens and underscores",
            )
    if definition.locations and definition.quorum > len(definition.locations):
        yield "quorum", f"{definition.quorum} locations are wanted, and there are {len(definition.locations)}"


def _distinct(path: str, names: tuple[str, ...]) -> Iterator[Problem]:
    twice = next((name for number, name in enumerate(names) if name in names[:number]), None)
    if twice is not None:
        yield path, f"{twice[:60]!r} is given twice"
    if "" in names:
        yield path, "a name is empty"


def _of_kind(definition: Definition) -> Iterator[Problem]:
    match definition.options:
        case Http() as options:
            yield from _http(options)
        case WebSocket() as options:
            yield from _tried("expect", _compiling(options.expect))
            yield from _headers(options.headers)
        case Tcp() as options:
            for number, step in enumerate(options.talk):
                yield from _tried(f"talk[{number}].expect", _compiling(step.expect))
                if not (step.send or step.expect or step.starttls):
                    yield f"talk[{number}]", "says nothing: give send, expect or starttls"
        case Dns() as options:
            yield from _dns(options)
        case Promql(expr=expr):
            yield from _tried("expr", partial(parse_promql, expr))
        case Composed() as options:
            yield from _composed(definition.name, options)
        case Heartbeat() as options:
            yield from _heartbeat(options)
        case _:
            pass


def _http(options: Http) -> Iterator[Problem]:
    yield from _tried("accepted", lambda: accepted_codes(options.accepted))
    if not options.accepted:
        yield "accepted", "is empty: no status would be well"
    yield from _headers(options.headers)
    if options.proxy and not _URL.fullmatch(options.proxy):
        yield "proxy", "is no address of a proxy: write http://host:port"
    if options.auth is not None and any(name.lower() == "authorization" for name in options.headers):
        yield "auth", "says the same as the header Authorization: leave one out"
    if bool(options.tls.cert_file) != bool(options.tls.key_file):
        yield "tls", "cert_file and key_file go together"


def _headers(headers: dict[str, str]) -> Iterator[Problem]:
    for name, value in headers.items():
        if not _HEADER.fullmatch(name):
            yield "headers", f"{name[:40]!r} is no name of a header"
        if "\n" in value or "\r" in value or "\0" in value:
            yield f"headers.{name[:60]}", "a header is one line"


def _dns(options: Dns) -> Iterator[Problem]:
    if options.record_type not in RECORD_TYPES:
        yield "record_type", _none_of(options.record_type, sorted(RECORD_TYPES))
    for number, code in enumerate(options.accepted_rcodes):
        if code not in RCODES:
            yield f"accepted_rcodes[{number}]", _none_of(code, sorted(RCODES))
    if not options.accepted_rcodes:
        yield "accepted_rcodes", "is empty: no answer would be well"


def _composed(name: str, options: Composed) -> Iterator[Problem]:
    if not options.checks:
        yield "checks", "is empty: name the checks that it is made of"
    yield from _distinct("checks", options.checks)
    if name in options.checks:
        yield "checks", "a check is not made of itself"
    if options.need > len(options.checks):
        yield "need", f"{options.need} are to be up, of {len(options.checks)}"


def _heartbeat(options: Heartbeat) -> Iterator[Problem]:
    yield from _tried("timezone", partial(check_zone, options.timezone))
    if options.cron:
        yield from _tried("cron", partial(parse_cron, options.cron))
    if options.slug and not _SLUG.fullmatch(options.slug):
        yield "slug", "wants small letters, digits, hyphens and underscores"
    if options.token and not _TOKEN.fullmatch(options.token):
        yield "token", "wants 10 to 128 letters, digits, hyphens and underscores"


def _compiling(regex: str) -> Callable[[], object]:
    return partial(compiled_regex, regex)


def _tried(path: str, parse: Callable[[], object]) -> Iterator[Problem]:
    try:
        parse()
    except BadData as error:
        yield path, error.message.removeprefix(f"{path}: ")


def _none_of(given: str, known: tuple[str, ...] | list[str]) -> str:
    near = nearest(given, known)
    meant = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"
    return f"{given[:40]!r} is none: {meant}"
