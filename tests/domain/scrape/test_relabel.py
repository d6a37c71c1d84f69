"""Relabelling, action by action."""

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.domain.errors import SettingsInvalid
from sightline.domain.scrape.job import RelabelRule
from sightline.domain.scrape.relabel import ACTIONS, Relabelling

LABELS = {"__name__": "up", "host": "db-1.example:9100", "zone": "eu", "path": "a\nb"}
DROPPED = None


def rule(action: str = "replace", *source: str, **fields: Any) -> RelabelRule:
    """A rule with the given source labels."""
    return RelabelRule(source_labels=source, action=action, **fields)


def changed(*rules: RelabelRule, labels: dict[str, str] = LABELS) -> dict[str, str] | None:
    """What rules make of labels, told as the difference: a label that went is empty."""
    found = Relabelling(rules).apply(labels)
    if found is None:
        return None
    return {name: found.get(name, "") for name in {*found, *labels} if found.get(name) != labels.get(name)}


CASES: list[tuple[RelabelRule, dict[str, str] | None]] = [
    (rule("replace", "zone", target_label="region"), {"region": "eu"}),
    (rule("replace", "zone", "host", target_label="both"), {"both": "eu;db-1.example:9100"}),
    (rule("replace", "zone", "missing", separator="/", target_label="both"), {"both": "eu/"}),
    (rule("replace", target_label="fixed", replacement="x"), {"fixed": "x"}),
    (rule("replace", "missing", target_label="zone"), {"zone": ""}),
    (rule("replace", "zone", target_label="zone", replacement=""), {"zone": ""}),
    (rule("replace", "host", regex="(.*):[0-9]+", target_label="host"), {"host": "db-1.example"}),
    (rule("replace", "host", regex="([^:]+)", target_label="host"), {}),
    (
        rule("replace", "host", regex=r"(\w+)-(\d+).*", target_label="n", replacement="${2}_${1}_$$x"),
        {"n": "1_db_$x"},
    ),
    (rule("replace", "host", regex=r"(\w+)-.*", target_label="n", replacement="$1x$"), {"n": "$"}),
    (rule("replace", "host", regex=r"(\w+)-.*", target_label="n", replacement="${1}x${2}$9"), {"n": "dbx"}),
    (
        rule("replace", "host", regex=r"(?P<kind>\w+)-.*", target_label="n", replacement="${kind}$kind"),
        {"n": "dbdb"},
    ),
    (rule("replace", "host", regex=r"(\w+)-.*", target_label="n", replacement="$0"), {"n": "db-1.example:9100"}),
    (rule("replace", "host", regex=r"(\w+)-.*", target_label="n", replacement="$01"), {}),
    (rule("replace", "host", regex=r"(x)?db.*", target_label="n", replacement="[$1]"), {"n": "[]"}),
    (rule("replace", "zone", regex="(e)(u)", target_label="${1}_$2", replacement="x"), {"e_u": "x"}),
    (rule("replace", "zone", regex="(x)?eu", target_label="$1", replacement="x"), {}),
    (rule("replace", "path", regex="a.b", target_label="n", replacement="any"), {"n": "any"}),
    (rule("keep", "zone", regex="eu|us"), {}),
    (rule("keep", "zone", regex="e"), DROPPED),
    (rule("keep", "missing", regex=""), {}),
    (rule("keep", "zone", "__name__", regex="eu;up"), {}),
    (rule("drop", "zone", regex="eu|us"), DROPPED),
    (rule("drop", "zone", regex="u"), {}),
    (rule("drop", regex=""), DROPPED),
    (rule("keepequal", "zone", target_label="zone"), {}),
    (rule("keepequal", "zone", target_label="host"), DROPPED),
    (rule("keepequal", "missing", target_label="absent"), {}),
    (rule("dropequal", "zone", target_label="zone"), DROPPED),
    (rule("dropequal", "zone", target_label="host"), {}),
    (rule("hashmod", "zone", modulus=1, target_label="shard"), {"shard": "0"}),
    (rule("lowercase", "host", target_label="h"), {"h": "db-1.example:9100"}),
    (rule("uppercase", "host", target_label="h"), {"h": "DB-1.EXAMPLE:9100"}),
    (rule("UpperCase", "missing", target_label="zone"), {"zone": ""}),
    (rule("labelmap", regex="(z)on(e)", replacement="$2$1"), {"ez": "eu"}),
    (rule("labelmap", regex="h.*|zone", replacement="same"), {"same": "eu"}),
    (rule("labelmap", regex="on"), {}),
    (rule("labeldrop", regex="zo.*|path"), {"zone": "", "path": ""}),
    (rule("labeldrop", regex="zo"), {}),
    (rule("labelkeep", regex="__name__|h.*"), {"zone": "", "path": ""}),
]


@pytest.mark.parametrize(("one", "wanted"), CASES)
def test_an_action_does_what_it_says(one: RelabelRule, wanted: dict[str, str] | None) -> None:
    """Each action changes, keeps or drops labels as the configuration of Prometheus defines it."""
    assert changed(one) == wanted


def test_every_action_is_tried_above() -> None:
    """The cases leave no action out."""
    assert {one.action.lower() for one, _ in CASES} == set(ACTIONS)


def test_hashmod_is_the_one_of_prometheus() -> None:
    """The shard is the last eight bytes of the MD5 sum, as a number, modulo the modulus: what other shards compute too."""
    assert changed(rule("hashmod", "c", target_label="d", modulus=1000), labels={"c": "baz"}) == {"d": "976"}


@given(st.lists(st.text(), max_size=3), st.integers(1, 2**63))
def test_hashmod_agrees_with_its_definition(values: list[str], modulus: int) -> None:
    """For any text and modulus the shard is that of the definition, computed digit by digit."""
    labels = {f"l{number}": value for number, value in enumerate(values)}
    digest = hashlib.md5(";".join(values).encode(), usedforsecurity=False).hexdigest()
    found = Relabelling([rule("hashmod", *labels, target_label="shard", modulus=modulus)]).apply(labels)
    assert found is not None
    assert found["shard"] == str(int(digest[16:], 16) % modulus)


def test_rules_follow_one_another() -> None:
    """Each rule sees what the one before it left, and nothing comes after a drop."""
    rules = [
        rule("replace", "__address__", regex="(.*):.*", target_label="__tmp"),
        rule("replace", "__tmp", target_label="instance"),
        rule("labeldrop", regex="__.*"),
    ]
    assert Relabelling(rules).apply({"__address__": "a:9100"}) == {"instance": "a"}
    assert Relabelling([rule("drop", "__address__", regex=".*9100"), *rules]).apply({"__address__": "a:9100"}) is None


def test_the_labels_given_stay_as_they_are() -> None:
    """Rules work on a copy, without the labels that are empty, and no rules at all are fine."""
    labels = {"a": "1", "b": ""}
    assert Relabelling([rule("labeldrop", regex="a")]).apply(labels) == {}
    assert Relabelling([]).apply(labels) == {"a": "1"}
    assert labels == {"a": "1", "b": ""}
    assert (bool(Relabelling([])), bool(Relabelling([rule("labeldrop", regex="a")]))) == (False, True)


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (rule("replac", target_label="a"), "'replac' is not an action; did you mean replace?"),
        (rule("frobnicate"), "'frobnicate' is not an action; valid are replace, keep,"),
        (rule("replace", "a"), "replace needs target_label"),
        (rule("hashmod", "a", modulus=4), "hashmod needs target_label"),
        (rule("hashmod", "a", target_label="b"), "hashmod needs a modulus of at least 1"),
        (rule("hashmod", "a", target_label="b", modulus=-1), "hashmod needs a modulus of at least 1"),
        (rule("keep", "a", regex="("), r"regex '\(': error parsing regexp: missing closing \)"),
        (rule("keep", "a", regex="(?=x)"), "regex"),
        (rule("labelmap", regex="a", replacement=""), "labelmap needs a replacement"),
        (rule("labeldrop", "a", regex="b"), "labeldrop does not use source_labels; it uses regex"),
        (rule("keepequal", "a", target_label="b", regex="x"), "keepequal does not use regex"),
        (rule("lowercase", "a", target_label="b", replacement="x"), "lowercase does not use replacement"),
        (rule("drop", "a", modulus=3), "drop does not use modulus"),
    ],
)
def test_a_mistake_is_named_with_its_rule(one: RelabelRule, said: str) -> None:
    """A rule that cannot be followed is refused when it is made, with its place and its number."""
    with pytest.raises(SettingsInvalid, match=f"^scrape job node: relabel: rule 2: {said}"):
        Relabelling([rule("labeldrop", regex="x"), one], "scrape job node: relabel")
