from collections.abc import Sequence

import numpy as np
import pytest

from sightline.domain.promql.format import text as written
from sightline.domain.promql.nodes import Node, Shared, children
from sightline.domain.promql.parse import parse
from sightline.domain.promql.plan import plan
from sightline.domain.promql.sharing import Memo, shared
from sightline.domain.promql.values import Scalar
from sightline.domain.timerange import MINUTE, Grid


def parts(root: Node) -> list[Shared]:
    """What is shared in a tree, from the top."""
    own = [root] if isinstance(root, Shared) else []
    return own + [part for child in children(root) for part in parts(child)]


@pytest.mark.parametrize(
    ("queries", "found"),
    [
        (["sum(rate(a[5m])) > 1", "sum(rate(a[5m])) > 2"], [["sum(rate(a[5m]))"]] * 2),
        (["sum(rate(a[5m])) > 1", "sum(rate(a[1m])) > 1"], [[], []]),
        (["sum(rate(a[5m]))", "max(rate(a[5m]))"], [["rate(a[5m])"]] * 2),
        (["(-abs(a)) + 1", "sum((abs(a)))", "abs(a)"], [["abs(a)"], ["abs(a)"], []]),
        (["sum(a) / sum(b) > 1", "sum(a) / sum(b) > 2", "sum(a)"], [["sum(a) / sum(b)"]] * 2 + [[]]),
        (["sum(abs(a)) > 1", "sum(abs(a)) > 2", "1 - abs(a)"], [["sum(abs(a))", "abs(a)"]] * 2 + [["abs(a)"]]),
        (["sum(a) + sum(a)"], [["sum(a)", "sum(a)"]]),
        (["topk(scalar(sum(a)), b)", "sum(a) > 1"], [["sum(a)"]] * 2),
        (["sort(sum(a))", "sort(sum(a))"], [["sum(a)"]] * 2),
        (["a > 1", "a > 2"], [[], []]),
        (["1 - abs(vector(time()))", "2 - abs(vector(time()))"], [[], []]),
        (["max_over_time(sum(a)[5m:1m])", "min_over_time(sum(a)[5m:1m])"], [[], []]),
        (["sum(a * 0) > 1", "sum(a * -0) > 1"], [[], []]),
        (["absent(a)", "absent(a)"], [[], []]),
    ],
)
def test_operations_that_stand_in_several_places_are_shared(queries: Sequence[str], found: Sequence[list[str]]) -> None:
    """The largest of them are, smaller ones where they stand elsewhere too, and none of which the value might differ."""
    roots = shared(map(parse, queries))
    assert [[written(part.inner) for part in parts(root)] for root in roots] == found
    assert [parse(written(root)) for root in roots] == [parse(query) for query in queries]


def test_what_is_shared_is_one_object() -> None:
    """So that whoever knows the value for one query knows it for all."""
    one, other = shared(map(parse, ["sum(a) > 1", "2 * sum(a)"]))
    assert parts(one) == parts(other)
    assert parts(one) != parts(shared(map(parse, ["sum(a) > 1", "2 * sum(a)"]))[0])


def test_below_what_is_known_nothing_is_fetched() -> None:
    """A plan asks for the samples of the rest alone."""
    root, _ = shared(map(parse, ["sum(a) > b", "sum(a) > 2"]))
    memo = Memo()
    assert len(plan(root, Grid.instant(MINUTE), memo=memo).fetches) == 2
    memo.keep(parts(root)[0], Scalar(np.ones(1)))
    (fetch,) = plan(root, Grid.instant(MINUTE), memo=memo).fetches
    assert "b" in {matcher.value for matcher in fetch.matchers}


def test_a_memo_is_bounded() -> None:
    """What it has no room for it does not keep; what it keeps is the first value."""
    (root,) = shared([parse("sum(a) + sum(a) + abs(b) + abs(b)")])
    first, *_, last = parts(root)
    memo = Memo(max_values=3)
    memo.keep(first, Scalar(np.ones(2)))
    memo.keep(first, Scalar(np.zeros(2)))
    memo.keep(last, Scalar(np.ones(2)))
    known = memo.get(first)
    assert known is not None
    assert known.values.tolist() == [1, 1]
    assert last not in memo
