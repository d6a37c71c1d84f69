"""Which alerts stand in the JSON of a program that we do not know, as people write it down, and those alerts."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

import msgspec

from sightline.adapters.wire.hooked import FIRING, RESOLVED, Arrival, Hooked, Said, check_count, instant, taken
from sightline.adapters.wire.json_selector import MISSING, Selector, parse_selector
from sightline.adapters.wire.yaml_fields import Fields
from sightline.adapters.wire.yaml_tree import Branches, Tree, is_empty, read_tree
from sightline.domain.alerts.posted import PostedAlert
from sightline.domain.alerts.rule import ALERT_NAME
from sightline.domain.errors import BadData, InvalidField, MalformedBody

MAX_MAPPINGS: Final = 100
"""Of one file."""
FINGERPRINT: Final = "fingerprint"
"""The label that tells alerts apart which have the same labels otherwise."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_KNOWN: Final = (
    *("alerts", "labels", "labels_from", "annotations", "annotations_from", "status", "firing", "resolved", "ignored"),
    *("starts", "ends", "generator_url", "fingerprint"),
)
_MILLISECONDS_FROM: Final = 100_000_000_000
"""Numbers from here on are milliseconds: as seconds they would be in the year 5138."""
_LATEST: Final = 253_402_300_799_999  # the last ms of the year 9999
_EXACT: Final = 2**53
_MOST_SHOWN: Final = 80


@dataclass(frozen=True, slots=True)
class Source:
    """Where a text comes from: a selector, or the text itself."""

    selector: Selector | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class WebhookMapping:
    """What a body says of alerts.

    alerts: where they are; a list it leads to counts as its items. labels_from, annotations_from: objects whose entries are taken
    as they are, those of labels and annotations in front. firing, resolved, ignored: texts of the status, in small letters.
    """

    name: str
    alerts: Selector = field(default_factory=lambda: parse_selector("$"))
    labels: Mapping[str, Source] = field(default_factory=dict)
    labels_from: Selector | None = None
    annotations: Mapping[str, Source] = field(default_factory=dict)
    annotations_from: Selector | None = None
    status: Source | None = None
    firing: frozenset[str] = frozenset({FIRING})
    resolved: frozenset[str] = frozenset({RESOLVED})
    ignored: frozenset[str] = frozenset()
    starts: Source | None = None
    ends: Source | None = None
    generator_url: Source | None = None
    fingerprint: Source | None = None


@dataclass(frozen=True, slots=True)
class MappingsRead:
    """The mappings of a file by their names, and everything that is wrong with it, with line and column."""

    mappings: Mapping[str, WebhookMapping]
    problems: tuple[str, ...] = ()


def read_mappings(text: bytes) -> MappingsRead:
    """Read a file of mappings: `webhooks:` with names, and for each what stands where."""
    fields = _MappingFields()
    try:
        tree = read_tree(text)
    except BadData as error:
        return MappingsRead({}, (error.message,))
    found: dict[str, WebhookMapping] = {}
    if tree is not None:
        named = fields.named(fields.branches(tree, "the file", ("webhooks",)).get("webhooks"), "webhooks")
        for name, one in named.items():
            if len(found) == MAX_MAPPINGS:
                fields.object(one.place, f"more than {MAX_MAPPINGS} webhooks: use fewer")
                break
            if not _NAME.fullmatch(name):
                fields.object(
                    one.place, f"{name[:_MOST_SHOWN]!a} is no name: use small letters, digits, - and _, 64 at most"
                )
            found[name] = fields.mapping_of(one, name)
    problems = fields.told()
    return MappingsRead({} if problems else found, problems)


class _MappingFields(Fields):
    """Reads what a file says of one webhook."""

    def mapping_of(self, tree: Tree, name: str) -> WebhookMapping:
        given = self.branches(tree, name, _KNOWN)
        labels = self._sources(given.get("labels"), f"{name}.labels")
        written = given.get("labels")
        is_named = isinstance(written, Branches) and ALERT_NAME in written.fields
        if not is_named and is_empty(given.get("labels_from")):
            self.object(tree.place, f"{name}.labels: {ALERT_NAME} is missing, which names the alert")
        plain = WebhookMapping(name)
        texts = {
            key: frozenset(text.lower() for text in self.texts(given.get(key), f"{name}.{key}"))
            for key in ("firing", "resolved", "ignored")
        }
        firing, resolved = texts["firing"] or plain.firing, texts["resolved"] or plain.resolved
        if twice := (firing & resolved) | (firing & texts["ignored"]) | (resolved & texts["ignored"]):
            self.object(
                tree.place, f"{name}: {min(twice)[:_MOST_SHOWN]!a} stands in two of firing, resolved and ignored"
            )
        sources = {
            key: self._source(given.get(key), f"{name}.{key}")
            for key in ("status", "starts", "ends", "generator_url", "fingerprint")
        }
        return WebhookMapping(
            name,
            self._selector(given.get("alerts"), f"{name}.alerts", is_of_body=True) or plain.alerts,
            labels,
            self._selector(given.get("labels_from"), f"{name}.labels_from"),
            self._sources(given.get("annotations"), f"{name}.annotations"),
            self._selector(given.get("annotations_from"), f"{name}.annotations_from"),
            firing=firing,
            resolved=resolved,
            ignored=texts["ignored"],
            **sources,
        )

    def _sources(self, tree: Tree | None, what: str) -> dict[str, Source]:
        found = ((name, self._source(one, f"{what}.{name}")) for name, one in self.named(tree, what).items())
        return {name: one for name, one in found if one is not None}

    def _source(self, tree: Tree | None, what: str) -> Source | None:
        """A selector, or a text; one that begins with $ or @ and is no selector is written with that sign twice."""
        text = None if is_empty(tree) else self.text(tree, what)
        if text is None or tree is None:
            return None
        if text[:2] in {"$$", "@@"}:
            return Source(text=text[1:])
        if text[:1] not in {"$", "@"}:
            return Source(text=text)
        selector = self._selector(tree, what)
        return None if selector is None else Source(selector)

    def _selector(self, tree: Tree | None, what: str, *, is_of_body: bool = False) -> Selector | None:
        if tree is None or is_empty(tree):
            return None
        found = self.parsed(tree, what, parse_selector)
        if found is None:
            return None
        if is_of_body and not found.is_of_body:
            self.object(tree.place, f"{what}: begins with $, for alerts are looked for in the whole body")
        if not is_of_body and found.is_of_many:
            self.object(tree.place, f"{what}: [*] leads to several values, and one is wanted")
        return found


def read_mapped(body: bytes, mapping: WebhookMapping, arrival: Arrival) -> Hooked:
    """What a body brings by a mapping, all of it or nothing.

    Raises:
        MalformedBody: no JSON.
        InvalidField: what the mapping leads to is not what it should be; the message begins with the alert and the field.
        BadData: there are too many alerts.
    """
    try:
        tree = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedBody(f"the body is no JSON: {error}") from None
    except RecursionError:
        raise MalformedBody("the JSON of the body is nested too deeply") from None
    found = list(islice(_alerts(tree, mapping.alerts), arrival.bounds.alerts + 1))
    check_count(len(found), arrival.bounds)
    alerts: list[PostedAlert] = []
    left_out = 0
    for number, one in enumerate(found):
        posted = _Alert(tree, one, f"alerts[{number}]", mapping).posted(arrival)
        if posted is None:
            left_out += 1
        else:
            alerts.append(posted)
    return Hooked(alerts, left_out)


def _alerts(tree: Any, selector: Selector) -> Iterator[Any]:
    """The alerts that a selector leads to.

    Raises:
        InvalidField: it leads nowhere; where `[*]` stands over an empty list there are none.
    """
    nothing = True
    for found in selector.every(tree):
        nothing = False
        if isinstance(found, list):
            yield from found
        else:
            yield found
    if nothing and not selector.is_of_many:
        raise InvalidField(f"alerts: {selector.text} leads nowhere in the body", field="alerts")


@dataclass(frozen=True, slots=True)
class _Alert:
    """One alert, where it stands, and what the mapping says of it."""

    body: Any
    alert: Any
    path: str
    mapping: WebhookMapping

    def posted(self, arrival: Arrival) -> PostedAlert | None:
        """The alert; None where its status is one of those that are passed over."""
        mapping = self.mapping
        starts_at, ends_at = self._instant(mapping.starts, "starts"), self._instant(mapping.ends, "ends")
        is_firing = self._is_firing()
        if is_firing is None and mapping.status is not None:
            return None
        if is_firing is None:
            is_firing = ends_at is None or ends_at > arrival.now
        labels = {**self._pairs(mapping.labels_from, "labels_from"), **self._texts(mapping.labels, "labels")}
        fingerprint = self._text(mapping.fingerprint, "fingerprint")
        if fingerprint:
            labels[FINGERPRINT] = fingerprint
        if not labels.get(ALERT_NAME):
            source = mapping.labels.get(ALERT_NAME)
            led = f"{source.selector.text} leads nowhere" if source and source.selector else "the alert has no name"
            raise self._wrong(f"labels.{ALERT_NAME}", led)
        annotations = self._pairs(mapping.annotations_from, "annotations_from")
        annotations |= self._texts(mapping.annotations, "annotations")
        url = self._text(mapping.generator_url, "generator_url") or ""
        return taken(Said(labels, annotations, is_firing, starts_at, ends_at, url), self.path, arrival)

    def _is_firing(self) -> bool | None:
        """By its status; None where there is none, or one that is passed over."""
        mapping = self.mapping
        if mapping.status is None:
            return None
        text = self._text(mapping.status, "status")
        if text is None:
            raise self._wrong("status", "leads nowhere")
        status = text.lower()
        if status in mapping.ignored:
            return None
        if status in mapping.firing or status in mapping.resolved:
            return status in mapping.firing
        raise self._wrong(
            "status", f"{text[:_MOST_SHOWN]!a} is none of firing, resolved and ignored: name it in one of them"
        )

    def _instant(self, source: Source | None, field: str) -> int | None:
        """An instant in ms, from a text, or a number of seconds or milliseconds."""
        text = self._text(source, field)
        if text is None:
            return None
        try:
            number = float(text)
        except ValueError:
            return instant(text, f"{self.path}.{field}")
        at = number if abs(number) >= _MILLISECONDS_FROM else number * 1_000
        if not 0 <= at <= _LATEST:
            raise self._wrong(
                field, f"{text[:_MOST_SHOWN]} is no time: write seconds or milliseconds since 1970, or RFC 3339"
            )
        return round(at) or None

    def _texts(self, sources: Mapping[str, Source], field: str) -> dict[str, str]:
        """Those that lead somewhere."""
        found = ((name, self._text(one, f"{field}.{name}")) for name, one in sources.items())
        return {name: text for name, text in found if text is not None}

    def _text(self, source: Source | None, field: str) -> str | None:
        if source is None or source.selector is None:
            return None if source is None else source.text
        found = source.selector.one(self.body, self.alert)
        return None if found is MISSING else self._leaf(found, field, source.selector.text)

    def _pairs(self, selector: Selector | None, field: str) -> dict[str, str]:
        found = MISSING if selector is None else selector.one(self.body, self.alert)
        if selector is None or found is MISSING or found is None:
            return {}
        if not isinstance(found, dict):
            raise self._wrong(field, f"{selector.text} is no object of names and texts")
        pairs = ((name, self._leaf(one, f"{field}.{name}", selector.text)) for name, one in found.items())
        return {name: text for name, text in pairs if text is not None}

    def _leaf(self, value: Any, field: str, led: str) -> str | None:
        """A single value as text; null is nothing."""
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, float):
            return str(int(value)) if value.is_integer() and abs(value) < _EXACT else repr(value)
        if isinstance(value, int):
            return str(value)
        kind = "a list" if isinstance(value, list) else "an object"
        raise self._wrong(field, f"{led} is {kind}, and one value is wanted")

    def _wrong(self, field: str, reason: str) -> InvalidField:
        path = f"{self.path}.{field}"
        return InvalidField(f"{path}: {reason}", field=path)
