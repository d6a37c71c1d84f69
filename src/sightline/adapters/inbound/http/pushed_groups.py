"""Pushed groups as the Pushgateway shows them: a page to scrape, and JSON."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from sightline.adapters.wire import exposition
from sightline.adapters.wire.instants import instant_text
from sightline.domain.labels import METRIC_NAME, Labels
from sightline.domain.promql.numerals import shortest
from sightline.domain.push.group import PushedFamily, PushGroup

_INSTANCE: Final = "instance"
_UNTYPED: Final = "untyped"
_PARTED: Final = {"histogram": ("le", "buckets"), "summary": ("quantile", "quantiles")}
"""The label that tells the samples of one distribution apart, and what they are called together."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """A family of all groups, in the words of the text format."""

    name: str
    help: str
    kind: str
    points: "Sequence[_Point]"

    @property
    def instrument(self) -> "_Shown":
        return self


@dataclass(frozen=True, slots=True)
class _Point:
    name: str
    labels: Sequence[tuple[str, str]]
    value: float


def exposed(groups: Iterable[PushGroup]) -> bytes:
    """The page that a Prometheus would scrape, with `honor_labels`: series without an instance say that they have none."""
    families: dict[str, _Shown] = {}
    points: dict[str, list[_Point]] = {}
    for group in groups:
        for name, family in (*group.families.items(), *group.own().items()):
            points.setdefault(name, []).extend(
                _Point(labels.name, _labelled(labels), value) for labels, value in family.samples
            )
            families.setdefault(name, _Shown(name, family.metadata.help, _kind(family), points[name]))
    return exposition.encode(families[name] for name in sorted(families))


def listed(groups: Iterable[PushGroup]) -> bytes:
    """The answer of the query API."""
    return msgspec.json.encode({"status": "success", "data": [_group(group) for group in groups]})


def _group(group: PushGroup) -> dict[str, Any]:
    pushed = instant_text(group.pushed_at)
    shown: dict[str, Any] = {name: _family(family, pushed) for name, family in group.families.items()}
    shown |= {
        name: _family(family, instant_text(max(group.pushed_at, group.failed_at)))
        for name, family in group.own().items()
    }
    return {**shown, "labels": dict(group.key), "last_push_successful": group.pushed_at > group.failed_at}


def _family(family: PushedFamily, at: str) -> dict[str, Any]:
    parted = _PARTED.get(family.metadata.type)
    metrics = (
        [_metric(labels, value) for labels, value in family.samples] if parted is None else _parted(family, *parted)
    )
    shown = {"time_stamp": at, "type": _kind(family).upper(), "metrics": metrics}
    return {**shown, "help": family.metadata.help} if family.metadata.help else shown


def _metric(labels: Labels, value: float) -> dict[str, Any]:
    return {"labels": dict(_labelled(labels)), "value": shortest(value)}


def _parted(family: PushedFamily, label: str, together: str) -> list[dict[str, Any]]:
    """The distributions of a family, each with its parts, its count and its sum."""
    found: dict[Labels, dict[str, Any]] = {}
    for labels, value in family.samples:
        one = labels.drop((METRIC_NAME, label))
        shown = found.setdefault(one, {"labels": dict(_labelled(one)), together: {}})
        part, text = labels.get(label), shortest(value)
        if part:
            shown[together][part] = text
        else:
            shown[labels.name.rpartition("_")[2]] = text
    return list(found.values())


def _labelled(labels: Labels) -> Sequence[tuple[str, str]]:
    found: Mapping[str, str] = {_INSTANCE: "", **dict(labels)}
    return sorted((name, value) for name, value in found.items() if name != METRIC_NAME)


def _kind(family: PushedFamily) -> str:
    return {"unknown": _UNTYPED, "gaugehistogram": "histogram", "info": "gauge", "stateset": "gauge"}.get(
        family.metadata.type, family.metadata.type
    )
