"""Comparisons of values in templates, as Go's text/template has them: https://pkg.go.dev/text/template#hdr-Functions."""

from sightline.domain.alerts.go_values import Arguments, Items, Record, Texts, type_name
from sightline.domain.errors import Unprocessable

_APART = (Texts, Arguments, Items, Record)


def equal(value: object, *others: object) -> bool:
    """Whether a value is the same as one of the others.

    Raises:
        Unprocessable: there is no other, or one that it cannot be compared with before one that is the same.
    """
    if not others:
        raise Unprocessable("missing argument for comparison")
    return any(_same(value, other) for other in others)


def not_equal(value: object, other: object) -> bool:
    """Whether two values are not the same."""
    return not _same(value, other)


def less(value: object, other: object) -> bool:
    """Whether a value comes before another of its type.

    Raises:
        Unprocessable: they are no numbers and no strings, or of two types.
    """
    for each in (value, other):
        if isinstance(each, bool) or not isinstance(each, str | int | float):
            raise Unprocessable(f"invalid type for comparison: {type_name(each)}")
    if isinstance(value, str) and isinstance(other, str):
        return value < other
    if isinstance(value, int) and isinstance(other, int):
        return value < other
    if isinstance(value, float) and isinstance(other, float):
        return value < other
    raise _incompatible(value, other)


def _same(value: object, other: object) -> bool:
    if value is None or other is None:
        return value is other
    for each in (value, other):
        if isinstance(each, _APART):
            raise Unprocessable(f"values of type {type_name(each)} cannot be compared")
    if _kind(value) is not _kind(other):
        raise _incompatible(value, other)
    return value == other


def _kind(value: object) -> type:
    """What decides whether two values can be the same: numbers and strings of named types are what they are made of."""
    for kind in (bool, int, str):
        if isinstance(value, kind):
            return kind
    return type(value)


def _incompatible(value: object, other: object) -> Unprocessable:
    return Unprocessable(f"incompatible types for comparison: {type_name(value)} and {type_name(other)}")
