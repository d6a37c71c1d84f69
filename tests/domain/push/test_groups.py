"""Groups of pushed metrics agree with one another, whatever is pushed."""

from collections import Counter

import hypothesis.strategies as st
import pytest
from hypothesis import given

from sightline.domain.errors import BodyTooLarge, Conflict, InconsistentPush
from sightline.domain.labels import Labels
from sightline.domain.push.group import PushedFamily, PushGroup
from sightline.domain.push.groups import PushGroups, PushLimits
from sightline.domain.scrape.scraped import Metadata

KEYS = st.sampled_from(["a", "b", "c"])
SERIES = st.builds(lambda name, x: Labels.of(__name__=name, x=x), st.sampled_from("pq"), st.sampled_from("123"))


def group(key: str, *families: tuple[str, str, list[Labels]]) -> PushGroup:
    """A group of families by name, type and series, all of value 1."""
    found = {
        name: PushedFamily(Metadata(kind), tuple((labels, 1.0) for labels in series)) for name, kind, series in families
    }
    return PushGroup(Labels.of(job=key), found)


FAMILIES = st.lists(
    st.tuples(st.sampled_from("xy"), st.sampled_from(["gauge", "counter"]), st.lists(SERIES, unique=True, max_size=3)),
    unique_by=lambda family: family[0],
    max_size=2,
)
PUSHES = st.builds(lambda key, families: group(key, *families), KEYS, FAMILIES)


def agree(groups: list[PushGroup]) -> bool:
    """Whether groups agree, looked at one by one."""
    series = Counter(labels for one in groups for family in one.families.values() for labels, _ in family.samples)
    types: dict[str, set[str]] = {}
    for one in groups:
        for name, family in one.families.items():
            types.setdefault(name, set()).add(family.metadata.type)
    return all(count == 1 for count in series.values()) and all(len(found) == 1 for found in types.values())


def pushed(one: PushGroup) -> set[Labels]:
    """The series that were pushed."""
    return {labels for family in one.families.values() for labels, _ in family.samples}


@given(st.lists(st.one_of(PUSHES, KEYS), max_size=30))
def test_what_is_let_in_agrees_and_nothing_else_is(changes: list[PushGroup | str]) -> None:
    """A group is let in exactly if all agree with it then, and what a change ends is what nobody has any more."""
    groups = PushGroups(PushLimits())
    model: dict[Labels, PushGroup] = {}
    for change in changes:
        before = set().union(*map(pushed, model.values())) if model else set()
        if isinstance(change, str):
            gone = groups.remove(Labels.of(job=change))
            left = model.pop(Labels.of(job=change), None)
            assert len(gone) == (0 if left is None else len(left) + 2)
        else:
            after = {**model, change.key: change}
            if not agree(list(after.values())):
                with pytest.raises(InconsistentPush):
                    groups.check(change)
                continue
            groups.check(change)
            gone = groups.put(change)
            model = after
            assert set(gone) == before - set().union(*map(pushed, model.values()))
        assert list(groups) == list(model.values())


def test_groups_are_bounded() -> None:
    """In samples of one, in samples of all, and in number; what is replaced does not count."""
    groups = PushGroups(PushLimits(groups=2, group_samples=2, samples=3))

    def of(key: str, count: int) -> PushGroup:
        return group(key, ("x", "gauge", [Labels.of(__name__="x", job=key, i=str(i)) for i in range(count)]))

    with pytest.raises(BodyTooLarge, match=r"push\.max_group_samples"):
        groups.check(of("a", 3))
    for _ in range(2):
        groups.check(of("a", 2))
        groups.put(of("a", 2))
    with pytest.raises(BodyTooLarge, match=r"push\.max_samples"):
        groups.check(of("b", 2))
    groups.put(of("b", 1))
    with pytest.raises(Conflict, match=r"push\.max_groups"):
        groups.check(of("c", 0))
    groups.remove(Labels.of(job="b"))
    groups.check(of("c", 1))
