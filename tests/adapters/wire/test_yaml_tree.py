"""YAML as a tree: anchors, aliases and merge keys are to it what they are to PyYAML's own loader, within bounds."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sightline.adapters.wire.yaml_tree import MAX_REPEATED, Leaf, Leaves, Place, Tree, read_tree
from sightline.domain.errors import BadData

NAMES = st.sampled_from("abcd")


def plain(tree: Tree | None) -> Any:
    """Texts, lists and dicts."""
    if tree is None or isinstance(tree, Leaf):
        return None if tree is None else tree.text
    if isinstance(tree, Leaves):
        return [plain(one) for one in tree.items]
    return {name: plain(one) for name, one in tree.fields.items()}


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Mappings each of which may merge some of those before, and hold them."""
    lines: list[str] = []
    for number in range(draw(st.integers(1, 6))):
        before = st.integers(0, number - 1).map(lambda one: f"*m{one}") if number else st.just("{z: z}")
        fields = [f"{name}: t{number}{name}" for name in draw(st.sets(NAMES, max_size=3))]
        if draw(st.booleans()):
            fields.append(f"held{number}: {draw(before)}")
        merged = draw(st.none() | before | st.lists(before, max_size=3).map(lambda some: f"[{', '.join(some)}]"))
        if merged is not None:
            fields.append(f"<<: {merged}")
        lines.append(f"m{number}: &m{number} {{{', '.join(draw(st.permutations(fields)))}}}")
    return "\n".join(lines)


@given(documents())
def test_merge_keys_bring_what_they_bring_elsewhere(text: str) -> None:
    """What a mapping says itself counts, then the first of what it merges, in whatever order it stands there."""
    assert plain(read_tree(text.encode())) == yaml.safe_load(text)


def test_quotes_and_tags_make_texts() -> None:
    """So that a flag, a number or null in quotes is known from one without."""
    tree = read_tree(b"[1, '1', !!str 1, !!int '1', ~, '~', null, '', !x y]")
    assert isinstance(tree, Leaves)
    found = [(one.text, one.is_text) for one in tree.items if isinstance(one, Leaf)]
    assert found == [
        *(("1", False), ("1", True), ("1", True), ("1", False), ("", False), ("~", True), ("", False), ("", True)),
        ("y", True),
    ]


def test_what_an_alias_brings_stands_where_it_is_written() -> None:
    """So that what is wrong with it is told of the line that is to be mended."""
    tree = read_tree(b"- &x {a: 1}\n- {<<: *x}\n- *x")
    assert isinstance(tree, Leaves)
    assert {one.fields["a"].place for one in tree.items if not isinstance(one, Leaf | Leaves)} == {Place(1, 10)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("&a [*a]", "1:5: unknown anchor 'a'"),
        ("&a {<<: *a}", "1:9: unknown anchor 'a'"),
        ("{<<: {a: 1}, <<: {b: 1}}", '1:14: mapping key "<<" already defined at line 1'),
        ("{<<: 1}", "1:6: << takes a mapping or a list of mappings, such as *name of an anchor &name"),
        ("{<<: [[{}]]}", "1:7: << takes a mapping or a list of mappings, such as *name of an anchor &name"),
        ("{<<: " * 50, "1:102: nested more than 20 deep"),
        (
            "\n".join(["- &a0 [x]", *(f"- &a{n} [[[*a{n - 1}]]]" for n in range(1, 9))]),
            "8:10: nested more than 20 deep",
        ),
        (
            "\n".join(["- &a0 {}", *(f"- &a{n} {{<<: *a{n - 1}, k{n}: x}}" for n in range(1, 1_000))]),
            f"aliases repeat more than {MAX_REPEATED} values: split the file, or use fewer of them",
        ),
        (
            "\n".join(["- &a0 {x: x}", *(f"- &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, 40))]),
            f"aliases repeat more than {MAX_REPEATED} values: split the file, or use fewer of them",
        ),
    ],
)
def test_what_cannot_be_unfolded_is_refused(text: str, said: str) -> None:
    """An anchor within itself, what is no mapping, and what would be too deep or too much."""
    with pytest.raises(BadData) as refused:
        read_tree(text.encode())
    assert refused.value.message.endswith(said)


@pytest.mark.parametrize("compiled", [True, False])
def test_half_of_a_character_is_no_text(monkeypatch: pytest.MonkeyPatch, compiled: bool) -> None:  # noqa: FBT001 - drawn
    """Neither with libyaml nor where PyYAML was installed without it."""
    if not compiled:
        monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    with pytest.raises(BadData, match="not YAML: "):
        read_tree(b'a: "\\ud800"')
