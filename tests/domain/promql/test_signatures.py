import pytest

from sightline.domain.errors import MalformedQuery
from sightline.domain.promql import aggregations
from sightline.domain.promql.evaluate import SUPPORTED
from sightline.domain.promql.parse import parse
from sightline.domain.promql.signatures import AGGREGATIONS, FUNCTIONS, OF_GRID, Type

EXAMPLE = {Type.SCALAR: "1", Type.VECTOR: '{a="b"}', Type.MATRIX: "a[5m]", Type.STRING: '"x"'}


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_functions_take_what_their_signatures_say(name: str) -> None:
    """A call with fewer or more arguments than the signature allows is refused, and so is one of the wrong type."""
    signature = FUNCTIONS[name]
    given = [EXAMPLE[one] for one in signature.takes]
    most = signature.greatest
    for count in range(len(given) + 12):
        arguments = [given[min(position, len(given) - 1)] for position in range(count)] if given else ["1"] * count
        text = f"{name}({', '.join(arguments)})"
        if signature.least <= count and (most is None or count <= most):
            parse(text)
            for position in range(count):
                wrong = [*arguments]
                wrong[position] = EXAMPLE[Type.STRING] if arguments[position] != EXAMPLE[Type.STRING] else "1"
                with pytest.raises(MalformedQuery, match="expected type"):
                    parse(f"{name}({', '.join(wrong)})")
        else:
            with pytest.raises(MalformedQuery, match=r"expected (at (least|most) )?\d+ argument\(s\) in call"):
                parse(text)


def test_every_function_is_evaluated() -> None:
    """Every function of PromQL is one of the evaluator's, but for those that the plan makes numbers of."""
    assert FUNCTIONS.keys() - OF_GRID == SUPPORTED
    assert aggregations.FOLDS.keys() == {name for name, parameter in AGGREGATIONS.items() if parameter is None}
