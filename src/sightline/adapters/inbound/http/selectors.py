"""Series selectors as requests give them in `match[]`."""

from collections.abc import Sequence

from sightline.domain.errors import BadData, InvalidParameter
from sightline.domain.labels import Matchers
from sightline.domain.promql.parse import parse_selector


def selectors(texts: Sequence[str], parameter: str = "match[]") -> list[Matchers]:
    """One matcher set for each text of the parameter.

    Raises:
        InvalidParameter: one of them is not a selector; says where.
    """
    found = []
    for text in texts:
        try:
            found.append(parse_selector(text))
        except BadData as error:
            raise InvalidParameter(f'invalid parameter "{parameter}": {error.message}', parameter=parameter) from None
    return found
