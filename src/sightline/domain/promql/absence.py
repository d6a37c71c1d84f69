"""absent and absent_over_time: one element where there is none."""

import numpy as np

from sightline.domain.labels import METRIC_NAME, Labels, MatchOp
from sightline.domain.promql.nodes import Node, RangeSelector, Selector
from sightline.domain.promql.values import Vector


def absent(vector: Vector, labels: Labels) -> Vector:
    """The value 1 under these labels at each instant at which no element is present."""
    there = np.logical_or.reduce(vector.present, axis=0)
    return Vector((labels,), np.ones((1, len(there))), ~there[None, :])


def labels_of(node: Node) -> Labels:
    """The labels that an element of this selector would have for certain: those that it asks for by `=`, and by nothing else."""
    if isinstance(node, RangeSelector):
        node = node.selector
    if not isinstance(node, Selector):
        return Labels()
    certain: dict[str, str] = {}
    asked: set[str] = set()
    for matcher in node.matchers:
        if matcher.op is MatchOp.EQUAL and matcher.name not in asked:
            certain[matcher.name] = matcher.value
        else:
            certain.pop(matcher.name, None)
        asked.add(matcher.name)
    certain.pop(METRIC_NAME, None)
    return Labels.of(certain)
