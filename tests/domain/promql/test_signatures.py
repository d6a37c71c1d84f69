import promql_parser
import pytest

from sightline.domain.promql import aggregations
from sightline.domain.promql.evaluate import SUPPORTED
from sightline.domain.promql.signatures import AGGREGATIONS, FUNCTIONS, Type

EXAMPLE = {Type.SCALAR: "1", Type.VECTOR: "a", Type.MATRIX: "a[5m]", Type.STRING: '"x"'}


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_functions_have_the_parser_s_signatures(name: str) -> None:
    """The recogniser accepts a function's arguments if and only if the parser does."""
    signature = FUNCTIONS[name]
    arguments = [EXAMPLE[one] for one in signature.takes]
    for count in range(len(arguments) + 2):
        given = [*arguments, EXAMPLE[Type.STRING]][:count]
        accepted = signature.least <= count and (count <= len(arguments) or signature.repeats)
        try:
            promql_parser.parse(f"{name}({', '.join(given)})")
        except ValueError:
            assert not accepted, count
        else:
            assert accepted, count


def test_all_but_info_is_evaluated() -> None:
    """Every function of PromQL is one of the evaluator's, but for the one that is refused by name."""
    assert FUNCTIONS.keys() - {"info"} == SUPPORTED
    assert aggregations.FOLDS.keys() == {name for name, parameter in AGGREGATIONS.items() if parameter is None}
