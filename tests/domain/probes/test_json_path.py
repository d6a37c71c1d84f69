"""JSON paths: the same as walking the value step by step."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.domain.errors import BadData
from sightline.domain.probes.json_path import MAX_VISITED, PathTooWide, parse_json_path

VALUE: dict[str, Any] = {"a": {"b": [1, {"c": 2}, [3, 4]], "a name": "x", "c": 5}, "list": [10, 20, 30], "é": 1}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$", [VALUE]),
        ("$.a.c", [5]),
        ("$['a']['a name']", ["x"]),
        ('$["a"].c', [5]),
        ("$.list[0]", [10]),
        ("$.list[-1]", [30]),
        ("$.list[3]", []),
        ("$.list[-4]", []),
        ("$.list[*]", [10, 20, 30]),
        ("$.list.*", [10, 20, 30]),
        ("$.a[0]", []),
        ("$.list.a", []),
        ("$..c", [5, 2]),
        ("$.a..[0]", [1, 3]),
        ("$.a.b..*", [1, {"c": 2}, [3, 4], 2, 3, 4]),
        ("$.é", [1]),
        (" $.a.c ", [5]),
    ],
)
def test_a_path_leads_to_values(path: str, found: list[Any]) -> None:
    """Names, indexes, all children and any depth lead where RFC 9535 says."""
    assert parse_json_path(path).find(VALUE) == found


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("status", "it begins with $"),
        ("$.", "at its end"),
        ("$.a[", "at '['"),
        ("$.list[0:2]", "slices are no part"),
        ("$.list[0,1]", "several selectors"),
        ("$.list[?@.a]", "filters are no part"),
        ("$a", "at 'a'"),
        ("$[01]", "at '[01]'"),
        ("$" + ".a" * 40, "at most 32 steps"),
    ],
)
def test_what_is_no_path_is_refused_with_what_would_be(path: str, said: str) -> None:
    """The error shows where it stops being a path."""
    with pytest.raises(BadData) as caught:
        parse_json_path(path)
    assert said in caught.value.message


def test_a_path_that_leads_everywhere_ends() -> None:
    """A path through more values than are looked at is refused, not followed."""
    with pytest.raises(PathTooWide):
        parse_json_path("$..*").find([0] * (MAX_VISITED + 1))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "a b"]), inner, max_size=3),
    max_leaves=12,
)
KEYS = st.sampled_from(["a", "b", "a b"]) | st.integers(-3, 3) | st.none()


def slow(value: Any, key: str | int | None, *, deep: bool) -> list[Any]:
    """One step, by its definition."""
    children = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    if key is None:
        found = list(children)
    elif isinstance(value, dict) and isinstance(key, str):
        found = [value[key]] if key in value else []
    elif isinstance(value, list) and isinstance(key, int):
        found = value[key:][:1] if key >= 0 else value[len(value) + key :][:1] if -key <= len(value) else []
    else:
        found = []
    return found + [one for child in children for one in slow(child, key, deep=True)] if deep else found


@given(JSON, st.lists(st.tuples(KEYS, st.booleans()), max_size=3))
def test_paths_lead_where_their_definition_says(value: Any, steps: list[tuple[str | int | None, bool]]) -> None:
    """Step by step from the root, each from all values that the one before led to."""
    text, found = "$", [value]
    for key, deep in steps:
        text += f"{'..' if deep else ''}[{'*' if key is None else json.dumps(key)}]"
        found = [one for each in found for one in slow(each, key, deep=deep)]
    path = parse_json_path(text)
    assert path.find(value) == found
    assert not path.single or len(found) <= 1
