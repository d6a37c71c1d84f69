"""info(): labels of series that describe others, such as target_info, joined to those they describe.

An info series describes the series of the same instance and job. Of several of one metric the one with the newest sample counts.
Semantics are those of Prometheus 3 (promql/info.go).
"""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.errors import Unprocessable
from sightline.domain.labels import METRIC_NAME, Labels, Matcher, Matchers, MatchOp
from sightline.domain.metrics.samples import Values
from sightline.domain.promql.nodes import Call, Selector
from sightline.domain.promql.planes import taken
from sightline.domain.promql.resources import Resources
from sightline.domain.promql.rows import grouped, unique
from sightline.domain.promql.values import Vector
from sightline.domain.timerange import SECOND

Rows = NDArray[np.int64]

TARGET_INFO: Final = "target_info"
_IDENTIFYING: Final = ("instance", "job")
_OF_TARGETS: Final = Matcher(METRIC_NAME, MatchOp.EQUAL, TARGET_INFO)
_OF_ANY: Final = Matcher(METRIC_NAME, MatchOp.MATCHES, ".+_info")  # where it is only said which metrics are not meant
_NEGATIONS: Final = frozenset({MatchOp.NOT_EQUAL, MatchOp.NOT_MATCHES})
_NONE: Final = -1


def info_selector(node: Call) -> Selector:
    """The selector of the info series of a call."""
    given = _given(node)
    names = _names(given)
    return Selector(given if names else (_OF_TARGETS, *given))


def _names(given: Matchers) -> Matchers:
    """The matchers that say which metrics are info metrics; none where that is not said."""
    return tuple([one for one in given if one.name == METRIC_NAME])


def joined(node: Call, base: Vector, newest: Vector, resources: Resources) -> Vector:
    """The base with labels of info series; newest: of these the time of the newest sample at each instant, s.

    A base series makes as many as it has label sets in the course of time.

    Raises:
        Unprocessable: two info series that disagree.
        TooManySamples: more of them than the resources allow.
    """
    given = _given(node)
    wanted = [one for one in given if one.name != METRIC_NAME]
    names = _names(given) if len(node.arguments) > 1 else (_OF_TARGETS,)
    plain = [bool(names) and all(one.matches(labels.name) for one in names) for labels in base.labels]
    newest = _describing(newest, [labels for labels, is_plain in zip(base.labels, plain, strict=True) if not is_plain])
    chosen = _Chosen(newest)
    labels: list[Labels] = []
    values: list[Values] = []
    present: list[NDArray[np.bool_]] = []
    rows: list[int] = []
    for row, one in enumerate(base.labels):
        resources.check()
        found = [(one, None)] if plain[row] else _described(one, wanted, newest, chosen)
        for described, there in found:
            now = base.present[row] if there is None else base.present[row] & there
            if now.any():
                resources.allow(len(labels) + 1, base.values.shape[1])
                labels.append(described)
                values.append(base.values[row])
                present.append(now)
                rows.append(row)
    if not labels:
        return Vector((), base.values[:0], base.present[:0])
    return unique(Vector(tuple(labels), np.array(values), np.array(present), taken(base.histograms, rows)))


def _given(node: Call) -> Matchers:
    second = node.arguments[1] if len(node.arguments) > 1 else None
    if not isinstance(second, Selector):
        return ()
    names = _names(second.matchers)
    only_negations = bool(names) and all(one.op in _NEGATIONS for one in names)
    return (_OF_ANY, *second.matchers) if only_negations else second.matchers


def _describing(newest: Vector, bases: Sequence[Labels]) -> Vector:
    """The info series that may describe one of these: each identifying label that any of them has, they have with its value."""
    there = np.ones(len(newest.labels), np.bool_)
    some = False
    for name in _IDENTIFYING:
        known = {labels.get(name) for labels in bases} - {""}
        if known:
            some = True
            there &= np.array([labels.get(name) in known for labels in newest.labels], np.bool_)
    rows = np.flatnonzero(there) if some else np.empty(0, np.int64)
    return Vector(tuple([newest.labels[row] for row in rows.tolist()]), newest.values[rows], newest.present[rows])


def _identity(labels: Labels) -> tuple[str, ...]:
    return tuple([labels.get(name) for name in _IDENTIFYING])


class _Chosen:
    """Which info series describes what, instant by instant."""

    def __init__(self, newest: Vector) -> None:
        group, keys = grouped([(_identity(labels), labels.name) for labels in newest.labels])
        self._of: dict[tuple[str, ...], list[Rows]] = {}
        order = np.argsort(group, kind="stable")
        groups = np.split(order, np.cumsum(np.bincount(group)))[:-1]
        for rows, (identity, _) in sorted(zip(groups, keys, strict=True), key=lambda one: one[1]):
            self._of.setdefault(identity, []).append(_newest(newest, rows))

    def of(self, labels: Labels) -> list[Rows]:
        """For each info metric that describes a series, the row that does so at each instant, int64 (p,); -1 where none does."""
        return self._of.get(_identity(labels), [])


def _newest(newest: Vector, rows: Rows) -> Rows:
    times = np.where(newest.present[rows], newest.values[rows], -np.inf)
    best = times.argmax(axis=0)
    top = times[best, np.arange(times.shape[1])]
    twice = ((times == top) & newest.present[rows]).sum(axis=0) > 1
    if twice.any():
        at = int(np.flatnonzero(twice)[0])
        first, second = np.flatnonzero((times[:, at] == top[at]) & newest.present[rows, at])[:2].tolist()
        when = round(top[at] * SECOND)
        raise Unprocessable(
            f"found duplicate series for info metric: existing {newest.labels[rows[first]]} @ {when},"
            f" new {newest.labels[rows[second]]} @ {when}"
        )
    return np.where(np.isneginf(top), _NONE, rows[best])


def _described(
    labels: Labels, wanted: Sequence[Matcher], newest: Vector, chosen: _Chosen
) -> Iterator[tuple[Labels, NDArray[np.bool_] | None]]:
    """The label sets that a series has in the end, each with the instants at which it has it; None for all."""
    choices = chosen.of(labels)
    keeps_all = all(one.matches_empty for one in wanted)
    if not choices:
        if keeps_all:
            yield labels, None
        return
    stacked = np.array(choices)
    for combination, there in _combinations(stacked):
        rows = [row for row in combination if row != _NONE]
        if rows or keeps_all:
            names = {one.name for one in wanted}
            yield _with_labels(labels, [newest.labels[row] for row in rows], names), there


def _combinations(stacked: Rows) -> Iterator[tuple[list[int], NDArray[np.bool_] | None]]:
    if (stacked == stacked[:, :1]).all():
        yield stacked[:, 0].tolist(), None
        return
    for column in np.unique(stacked, axis=1).T:
        yield column.tolist(), (stacked == column[:, None]).all(axis=0)


def _with_labels(labels: Labels, infos: Sequence[Labels], wanted: set[str]) -> Labels:
    own = {name for name, _ in labels}
    added: dict[str, str] = {}
    for info in infos:
        for name, value in info:
            if name == METRIC_NAME or (wanted and name not in wanted):
                continue
            if added.get(name, value) != value:
                raise Unprocessable(f"conflicting label: {name}")
            if name not in own:
                added[name] = value
    return Labels.of([*labels, *added.items()])
