from collections.abc import Sequence

import numpy as np
import pytest

from sightline.domain.labels import Labels
from sightline.domain.promql.format import text as written
from sightline.domain.promql.nodes import Node, Shared, children
from sightline.domain.promql.parse import parse
from sightline.domain.promql.plan import plan
from sightline.domain.promql.sharing import Memo, shared
from sightline.domain.promql.values import Scalar, Vector
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
        (["sum(a * 0) > 1", "sum(a * 0) > 2"], [["sum(a * 0)"]] * 2),
        (["(a / on(x) fill_right(0) b) > 1", "(a / on(x) fill_right(-0) b) > 1"], [[], []]),
        (["sum(max_over_time(b[5m:1m])) > 1", "sum(max_over_time(b[5m:])) > 1"], [[], []]),
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
    planned = plan(root, Grid.instant(MINUTE), memo=memo)
    assert dict(planned.known) == {parts(root)[0]: 1}
    (fetch,) = planned.fetches
    assert "b" in {matcher.value for matcher in fetch.matchers}


def test_few_that_are_shared_stand_one_within_the_other() -> None:
    """Each takes more of the interpreter's stack, which queries as deep as they may be need for themselves."""
    texts = ["+".join(["abs(x)"] * count) + " > 1" for count in range(2, 40)]
    for roots in (shared(map(parse, texts)), shared(map(parse, reversed(texts)))):
        assert 1 < max(map(nesting, roots)) <= 8


def nesting(node: Node) -> int:
    """How many that are shared stand one within the other."""
    return isinstance(node, Shared) + max(map(nesting, children(node)), default=0)


def test_labels_count_in_a_memo() -> None:
    """A vector of many series takes more than its values."""
    (root,) = shared([parse("sum(a) + sum(a)")])
    part = parts(root)[0]
    memo = Memo(room=100)
    memo.keep(part, Vector((Labels(),) * 10, np.ones((10, 1)), np.ones((10, 1), np.bool_)))
    assert memo.get(part) is None


def test_a_memo_is_bounded() -> None:
    """What it has no room for it does not keep; what it keeps is the first value."""
    (root,) = shared([parse("sum(a) + sum(a) + abs(b) + abs(b)")])
    first, *_, last = parts(root)
    memo = Memo(room=3)
    memo.keep(first, Scalar(np.ones(2)))
    memo.keep(first, Scalar(np.zeros(2)))
    memo.keep(last, Scalar(np.ones(2)))
    known = memo.get(first)
    assert known is not None
    assert known.values.tolist() == [1, 1]
    assert memo.get(last) is None
