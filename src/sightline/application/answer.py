"""Answer the queries that the templates of a rule ask, before its alerts get their texts."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from sightline.domain.alerts.go_values import Sample, Samples
from sightline.domain.alerts.go_values import Texts as Map
from sightline.domain.alerts.rule import Texts
from sightline.domain.errors import SightlineError
from sightline.domain.labels import Labels
from sightline.domain.promql.recording import elements
from sightline.domain.promql.values import Answer

Ask = Callable[[str], Awaitable[Answer]]
"""Gives the value of a PromQL expression; raises SightlineError: it is wrong, too costly, or the store is away."""

MAX_QUERIES: Final = 100
"""Different ones that the templates of one rule may ask in one evaluation, for all of its alerts together."""
MAX_SAMPLES: Final = 1_000
"""Elements that one of them may give."""

_TOO_MANY: Final = f"the templates of a rule ask more than {MAX_QUERIES} queries; let its expression give what is shown"


async def answer_templates(texts: Texts, found: Iterable[tuple[Labels, float]], ask: Ask) -> None:
    """Have templates, which have begun an evaluation, learn what they ask for the elements of a result.

    A failure becomes part of the text that asked.
    """
    asked = 0
    for labels, value in found:
        while (text := texts.asked(labels, value)) is not None:
            asked += 1
            if asked > MAX_QUERIES:
                texts.learn(text, _TOO_MANY)
            else:
                texts.learn(text, await _answer(text, ask))


async def _answer(text: str, ask: Ask) -> Samples | str:
    try:
        found = elements((await ask(text)).value)
    except SightlineError as error:
        return error.message
    if len(found.there) > MAX_SAMPLES:
        return f"the query gives {len(found.there)} elements, and {MAX_SAMPLES} are allowed; aggregate or narrow it"
    numbers = found.numbers().tolist()
    rows = zip(found.there.tolist(), numbers, strict=True)
    return Samples(Sample(Map(found.labels[row]), value) for row, value in rows)
