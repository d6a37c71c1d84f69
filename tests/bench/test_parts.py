"""Which parts of a table count."""

from bench.parts import current


def test_parts_that_were_merged_into_others_do_not_count() -> None:
    """A part counts as long as no other of its partition covers its blocks."""
    merged = ["202611_1_1_0", "202611_2_2_0", "202611_1_2_1", "202611_3_3_0", "202610_1_1_0", "detached", "tmp_merge_x"]
    assert set(current(merged)) == {"202611_1_2_1", "202611_3_3_0", "202610_1_1_0"}


def test_a_part_that_was_merged_with_itself_replaces_it() -> None:
    """Of the same blocks the higher level counts, and of the same level the later mutation."""
    assert set(current(["202611_1_4_1", "202611_1_4_2"])) == {"202611_1_4_2"}
    assert set(current(["202611_1_4_1", "202611_1_4_1_7"])) == {"202611_1_4_1_7"}
