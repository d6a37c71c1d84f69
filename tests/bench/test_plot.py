"""Lines over logarithmic axes."""

from itertools import pairwise

from bench.plot import Plot, drawing, svg


def test_equal_factors_are_equally_far_apart() -> None:
    """On both axes a factor of ten is the same way, and larger values stand higher."""
    tree = drawing(Plot("name", "title", "series", "ms", {"one": [(1e3, 2.0), (1e4, 20.0), (1e5, 200.0)]}))
    points = [(float(dot.get("cx", "")), float(dot.get("cy", ""))) for dot in tree.iter("circle")]
    (left, low), (middle, half), (right, high) = points
    assert abs((middle - left) - (right - middle)) < 0.2
    assert abs((low - half) - (half - high)) < 0.2
    assert left < right
    assert high < low


def test_axes_and_lines_have_their_names() -> None:
    """Title, both axes, decades and lines are written, whatever characters they have."""
    plot = Plot("name", "a < b", "series", "ms & more", {"one": [(1e3, 2.0), (1e6, 3.0)], "none": []})
    texts = {text.text for text in drawing(plot).iter("text")}
    assert {"a < b", "series", "ms & more", "one", "1k", "10k", "100k", "1M"} <= texts
    assert "none" not in texts
    assert "a &lt; b" in svg(plot)
    assert "ms &amp; more" in svg(plot)


def test_names_of_lines_that_end_together_do_not_overlap() -> None:
    """Names beside the ends of lines are at least a line of text apart."""
    tree = drawing(Plot("name", "t", "x", "y", {"one": [(1.0, 5.0)], "two": [(1.0, 5.0)], "three": [(1.0, 5.01)]}))
    names = [text for text in tree.iter("text") if text.text in {"one", "two", "three"}]
    heights = sorted(float(text.get("y", "")) for text in names)
    assert all(second - first >= 14 for first, second in pairwise(heights))


def test_nothing_to_draw_is_a_drawing_still() -> None:
    """A measurement that gave nothing leaves empty axes."""
    assert drawing(Plot("name", "t", "x", "y", {})).tag == "svg"
