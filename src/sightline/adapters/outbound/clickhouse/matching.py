"""Matchers as conditions on the `labels` column of `series`."""

from collections.abc import Sequence
from typing import Final

import re2

from sightline.adapters.outbound.clickhouse.statements import Param, text
from sightline.domain.labels import METRIC_NAME, Matcher, Matchers, MatchOp, metric_id

# A label that is missing from the map has the empty value, as matchers want it.
_TEMPLATES: Final = {
    MatchOp.EQUAL: "labels[{{{name}:String}}] = {{{value}:String}}",
    MatchOp.NOT_EQUAL: "labels[{{{name}:String}}] != {{{value}:String}}",
    MatchOp.MATCHES: "match(labels[{{{name}:String}}], {{{value}:String}})",
    MatchOp.NOT_MATCHES: "NOT match(labels[{{{name}:String}}], {{{value}:String}})",
}


def conditions(matcher_sets: Sequence[Matchers]) -> tuple[str, dict[str, Param]]:
    """One SQL condition that holds where any of the sets holds, and its parameters; no sets, or an empty one, hold everywhere."""
    parameters: dict[str, Param] = {}
    sets = [_all_of(matchers, parameters) for matchers in matcher_sets]
    return (f"({' OR '.join(sets)})" if sets else "1"), parameters


def _all_of(matchers: Matchers, parameters: dict[str, Param]) -> str:
    return f"({' AND '.join(_condition(matcher, parameters) for matcher in matchers)})" if matchers else "1"


def _condition(matcher: Matcher, parameters: dict[str, Param]) -> str:
    number = len(parameters)
    name, value = f"name_{number}", f"value_{number}"
    exact = matcher.op in {MatchOp.EQUAL, MatchOp.NOT_EQUAL}
    parameters[name] = text(matcher.name)
    parameters[value] = text(matcher.value if exact else anchored(matcher.value))
    condition = _TEMPLATES[matcher.op].format(name=name, value=value)
    if matcher.name == METRIC_NAME and matcher.op is MatchOp.EQUAL and matcher.value:
        # The table's key leads with the metric's hash: without it the whole tenant would be read.
        parameters[f"metric_{number}"] = metric_id(matcher.value)
        condition = f"metric = {{metric_{number}:UInt64}} AND {condition}"
    return condition


def anchored(regex: str) -> str:
    """A regex, which compiles alone, as one that matches the whole value, dot matching newline."""
    wrapped = rf"\A(?s:{regex})\z"
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(wrapped, options)
    except re2.error:
        # An open \Q quotes to the end of the pattern and would swallow our bracket.
        return rf"\A(?s:{regex}\E)\z"
    return wrapped
