"""Definitions of checks as JSON and YAML, as people write them and as they are shown.

`type` picks the kind; an address of HTTP needs none. What belongs to the kind stands under `options`, or beside the other fields.
Durations are texts such as `60s`, or numbers of seconds; sizes texts such as `1MiB`, or numbers of bytes. A field that nothing has
is refused by its name.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from sightline.adapters.wire import check_rules
from sightline.adapters.wire.check_secrets import masked, masked_url, unmasked
from sightline.adapters.wire.check_urls import canonical
from sightline.adapters.wire.instants import instant_text
from sightline.adapters.wire.plain_yaml import Bare
from sightline.adapters.wire.typed_fields import DURATIONS, SIZES, TypedFields, Unread, joined, struct_type
from sightline.domain.errors import BadData, InvalidField, MalformedBody
from sightline.domain.nearest import nearest
from sightline.domain.probes.check import Check, Definition
from sightline.domain.probes.condition import parse_condition
from sightline.domain.probes.options import (
    AnyOptions,
    Composed,
    Dns,
    Domain,
    Grpc,
    Heartbeat,
    Http,
    Icmp,
    Mail,
    Mongodb,
    Mysql,
    Ntp,
    Options,
    Postgres,
    Promql,
    Redis,
    Ssh,
    Tcp,
    Tls,
    WebSocket,
)
from sightline.domain.probes.quantity import quoted
from sightline.domain.sizes import format_size
from sightline.domain.timerange import SECOND, format_duration

MAX_BYTES: Final = 1 << 18
"""Of one check's text."""
_CLASSES: Final[tuple[type[Options], ...]] = (
    *(Http, Tcp, Tls, Dns, Icmp, Grpc, WebSocket, Mail, Postgres, Mysql, Redis, Mongodb, Ntp, Ssh, Domain),
    *(Heartbeat, Promql, Composed),
)
KINDS: Final[Mapping[str, type[Options]]] = {str(one.__struct_config__.tag): one for one in _CLASSES}
"""The kinds of check by the word that `type` has for them."""
ALIASES: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    **dict.fromkeys(("https", "web", "url", "keyword", "json-query", "json_query"), ("http", {})),
    **dict.fromkeys(("port", "socket"), ("tcp", {})),
    **dict.fromkeys(("ssl", "certificate", "starttls"), ("tls", {})),
    "ping": ("icmp", {}),
    **dict.fromkeys(("grpc-health", "grpc_health", "grpc-keyword", "grpcs"), ("grpc", {})),
    **dict.fromkeys(("ws", "wss", "web-socket"), ("websocket", {})),
    "smtp": ("mail", {"protocol": "smtp"}),
    "imap": ("mail", {"protocol": "imap"}),
    "pop3": ("mail", {"protocol": "pop3"}),
    **dict.fromkeys(("postgresql", "pg"), ("postgres", {})),
    "mariadb": ("mysql", {}),
    "mongo": ("mongodb", {}),
    **dict.fromkeys(("whois", "rdap", "domain-expiry"), ("domain", {})),
    **dict.fromkeys(("push", "cron", "cronjob", "dead-mans-switch"), ("heartbeat", {})),
    **dict.fromkeys(("prometheus", "query"), ("promql", {})),
    **dict.fromkeys(("composite", "group"), ("composed", {})),
}
"""Words that people know from elsewhere, the kinds that they mean, and what else they say."""
_OWN: Final = ("id", "created_at", "updated_at", "status")
"""What is shown beside a definition, and is not read back; likewise a version, where there is an id."""
_UPPER: Final = frozenset({"method", "record_type", "accepted_rcodes"})


def from_json(text: bytes) -> Any:
    """What a body holds.

    Raises:
        MalformedBody: no JSON.
    """
    if not text:
        raise MalformedBody("the body is empty: it wants to be JSON")
    try:
        return msgspec.json.decode(text)
    except RecursionError:
        raise MalformedBody("the JSON of the body is nested too deeply") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedBody(f"the body is no JSON: {error}") from None


def read_check(value: Any, stored: Definition | None = None, path: str = "") -> Definition:
    """The definition that somebody wrote. stored: what it replaces, whose secrets stand where masks are.

    Raises:
        InvalidField: the first thing that is wrong, by the path of its field.
    """
    found, problems = try_check(value, stored, path)
    if problems or found is None:
        raise problems[0]
    return found


def try_check(
    value: Any, stored: Definition | None = None, path: str = ""
) -> tuple[Definition | None, list[InvalidField]]:
    """Likewise, with everything that is wrong; then there is no definition."""
    reader = _Reader(path)
    try:
        found = reader.definition(value)
    except Unread:
        return None, reader.problems
    if reader.problems:
        return None, reader.problems
    for field, reason in check_rules.problems(found):
        reader.object(f"{path}.{field}" if path else field, reason)
    if reader.problems:
        return None, reader.problems
    try:
        return unmasked(found, stored), []
    except InvalidField as error:
        return None, [error]


def changed_check(changes: Any, stored: Definition) -> Definition:
    """A stored definition with some fields changed, those of the kind one by one; another type begins its kind anew.

    Raises:
        InvalidField: as `read_check`.
    """
    given = TypedFields().mapping(changes, "") if isinstance(changes, Mapping) else None
    if given is None:
        raise InvalidField("the body: wants an object", field="")
    merged = shown_definition(masked(stored))
    kind = _kind_of(str(given.get("type", stored.kind)))[0]
    if kind != stored.kind:
        merged["options"] = {}
    options = merged.pop("options")
    of_kind = {field.name for field in struct_type(KINDS[kind]).fields} if kind else set[str]()
    for name, one in _as_written(given).items():
        if name == "options":
            options = {**options, **one} if isinstance(one, Mapping) else one
        elif name in of_kind and isinstance(options, Mapping):
            options = {**options, name: one}
        else:
            merged[name] = one
    return read_check({**merged, "options": options}, stored)


def shown(check: Check, *, secrets: bool = False) -> dict[str, Any]:
    """The JSON object of a check, all fields there, secrets masked unless they are asked for."""
    definition = check.definition if secrets else masked(check.definition)
    times = {"created_at": instant_text(check.created_at), "updated_at": instant_text(check.updated_at)}
    return {"id": check.id, **shown_definition(definition), "version": check.version, **times}


def shown_definition(definition: Definition) -> dict[str, Any]:
    """The JSON object of a definition as it is, in a form that `read_check` reads."""
    said: dict[str, Any] = {"name": definition.name, "type": definition.kind, "url": definition.url}
    for name in definition.__struct_fields__:
        if name not in {"name", "url", "options"}:
            said[name] = _shown(name, getattr(definition, name))
    return {**said, "options": _shown("", definition.options)}


def written(definition: Definition) -> dict[str, Any]:
    """The same, without what goes without saying, and with the fields of the kind beside the others: as people write it."""
    said = shown_definition(definition)
    plain = shown_definition(Definition(name=definition.name, options=_least(definition.options)))
    options, usual = said.pop("options"), plain.pop("options")
    plain["timeout"] = format_duration(_usual_timeout(definition.interval))
    plain["retry_interval"] = format_duration(_usual_pause(definition.interval, definition.retries))
    left = {name: one for name, one in said.items() if name in {"name", "type"} or one != plain[name]}
    required = {field.name for field in struct_type(type(definition.options)).fields if field.required}
    for name, one in options.items():
        if name in required or one != usual[name]:
            value = getattr(definition.options, name)
            left[name] = _least_said(value) if isinstance(value, msgspec.Struct) else one
    return left


def _least_said(value: msgspec.Struct) -> dict[str, Any]:
    """A struct within options without what goes without saying."""
    fields = struct_type(type(value)).fields
    tag = {"type": value.__struct_config__.tag} if value.__struct_config__.tag else {}
    given = {one.name: getattr(value, one.name) for one in fields if getattr(value, one.name) != one.default}
    return {**tag, **given}


def shown_url(definition: Definition) -> str:
    """The address of a check as anybody may see it."""
    return masked_url(definition.url)


def _least(options: AnyOptions) -> AnyOptions:
    """Options of the same kind that say nothing; what must be said is as it is."""
    required = {
        field.name: getattr(options, field.name) for field in struct_type(type(options)).fields if field.required
    }
    return type(options)(**required)


def _usual_timeout(interval: int) -> int:
    return min(10 * SECOND, interval)


def _usual_pause(interval: int, retries: int) -> int:
    """A second, or less where all retries would not fit into the interval then."""
    return min(SECOND, interval // (4 * retries)) if retries else SECOND


def _shown(name: str, value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        tag = value.__struct_config__.tag if not isinstance(value, Options) else None
        said = {one: _shown(one, getattr(value, one)) for one in value.__struct_fields__}
        return {"type": tag, **said} if tag else said
    if isinstance(value, int) and name in DURATIONS | SIZES:
        return format_duration(value) if name in DURATIONS else format_size(value)
    if isinstance(value, tuple):
        return [_shown(name, one) for one in value]
    return dict(value) if isinstance(value, Mapping) else value


def _as_written(given: Mapping[str, Any]) -> dict[str, Any]:
    """What was given, without what is shown beside a definition."""
    is_shown = "id" in given and isinstance(given.get("version"), int)
    return {name: one for name, one in given.items() if name not in _OWN and not (is_shown and name == "version")}


def _kind_of(word: str) -> tuple[str, Mapping[str, Any]]:
    """The kind that a word means; empty where there is none."""
    lower = word.strip().lower()
    return (lower, {}) if lower in KINDS else ALIASES.get(lower, ("", {}))


class _Reader(TypedFields):
    """Reads one definition."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def definition(self, value: Any) -> Definition:
        given = _as_written(self.mapping(value, self._path))
        kind, said = self._kind(given)
        own, options = self._parted(given, kind)
        keyword = own.pop("keyword", None)
        found = self._fields(own)
        read = self._options(kind, {**said, **options})
        if read is None:
            self._judge(found.get("conditions", ()))
            raise Unread
        found["url"] = self._url(kind, found.get("url", ""), read)
        if isinstance(keyword, str) and keyword:
            found["conditions"] = (*found.get("conditions", ()), f"body contains {quoted(str(keyword))}")
        if "timeout" not in found:
            found["timeout"] = _usual_timeout(found.get("interval", 60 * SECOND))
        if "retry_interval" not in found:
            found["retry_interval"] = _usual_pause(found.get("interval", 60 * SECOND), found.get("retries", 0))
        if self.problems:
            self._judge(found.get("conditions", ()))
            raise Unread
        return Definition(options=read, **found)

    def _judge(self, conditions: Sequence[str]) -> None:
        """Whoever hears that something else is wrong hears of conditions too."""
        for number, text in enumerate(conditions):
            try:
                check_condition(text, f"{joined(self._path, 'conditions')}[{number}]")
            except InvalidField as error:
                self.problems.append(error)

    def _kind(self, given: dict[str, Any]) -> tuple[str, Mapping[str, Any]]:
        place = joined(self._path, "type")
        word = given.pop("type", None)
        if word is None and str(given.get("url", "")).lower().startswith(("http://", "https://")):
            word = "http"
        if word is None:
            self.object(place, f"is missing: there are {', '.join(KINDS)}")
            raise Unread
        kind, said = _kind_of(self.text(word, place))
        if not kind:
            near = nearest(str(word).lower(), (*KINDS, *ALIASES))
            meant = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(KINDS)}"
            raise self.refuse(place, f"{str(word)[:40]!r} is no type of check: {meant}")
        if str(word).lower() == "keyword" and not given.get("keyword"):
            self.object(joined(self._path, "keyword"), "is missing: a check of type keyword looks for it in the body")
        return kind, said

    def _parted(self, given: dict[str, Any], kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """The fields of every check, and those of the kind, which stand under `options` or beside the others."""
        own_names = [field.name for field in struct_type(Definition).fields if field.name != "options"]
        of_kind = [field.name for field in struct_type(KINDS[kind]).fields]
        nested = given.pop("options", None)
        place = joined(self._path, "options")
        options = {} if nested is None or nested == Bare() else dict(self.mapping(nested, place))
        if options.pop("type", kind) != kind:
            self.object(f"{place}.type", f"says another type than {kind}")
        own: dict[str, Any] = {}
        for name, value in given.items():
            if name in own_names or (name == "keyword" and kind == "http"):
                own[name] = value
            elif name in of_kind and name in options:
                self.object(joined(self._path, name), "stands here and under options: leave one out")
            elif name in of_kind:
                options[name] = value
            else:
                self.unknown(joined(self._path, name), name, (*own_names, "type", *of_kind))
        return own, options

    def _fields(self, own: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for field in struct_type(Definition).fields:
            place = joined(self._path, field.name)
            if field.name not in own or field.name == "options":
                continue
            try:
                if field.name == "tags":
                    found["tags"] = self._tags(own["tags"], place)
                else:
                    found[field.name] = self.read(field.type, own[field.name], place)
            except Unread:
                continue
        if "name" not in own:
            self.object(joined(self._path, "name"), "is missing")
        found["conditions"] = tuple(text.strip() for text in found.get("conditions", ()))
        return found

    def _tags(self, value: Any, path: str) -> dict[str, str]:
        """An object, or a list of texts such as `env:prod`."""
        if isinstance(value, Mapping) or not value:
            return {name: self.text(one, joined(path, name)) for name, one in self.mapping(value or {}, path).items()}
        found: dict[str, str] = {}
        for number, one in enumerate(self.items(value, path)):
            name, colon, text = self.text(one, f"{path}[{number}]").partition(":")
            if not colon:
                self.object(f"{path}[{number}]", f"{one[:40]!r} has no value: write name:value")
            elif name.strip() in found:
                self.object(f"{path}[{number}]", f"{name.strip()[:40]!r} is given twice")
            found[name.strip()] = text.strip()
        return found

    def _options(self, kind: str, options: dict[str, Any]) -> AnyOptions | None:
        for name in _UPPER & set(options):
            one = options[name]
            options[name] = type(one)(one.upper()) if isinstance(one, str) else one
            if isinstance(one, list):
                options[name] = [each.upper() if isinstance(each, str) else each for each in one]
        place = joined(self._path, "options")
        try:
            found: AnyOptions = self.struct(struct_type(KINDS[kind]), options, place)
        except Unread:
            return None
        return found

    def _url(self, kind: str, url: str, options: AnyOptions) -> str:
        mail = (options.protocol, options.security) if isinstance(options, Mail) else ("smtp", "none")
        try:
            return canonical(kind, url, mail)
        except BadData as error:
            self.object(joined(self._path, "url"), error.message)
            return url


def check_condition(text: str, path: str) -> None:
    """Refuse a text that is no condition.

    Raises:
        InvalidField: by the path of the field.
    """
    try:
        parse_condition(text)
    except InvalidField as error:
        raise InvalidField(f"{path}: {error.message}", **{**error.detail, "field": path}) from None
