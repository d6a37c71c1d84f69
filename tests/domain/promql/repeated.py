"""Expressions as dashboards ask them, and some that nobody would, for tests of parts of a grid. Times are in units of ms."""

from hypothesis import strategies as st

SELECTORS = st.sampled_from(
    [
        "a",
        "b",
        "a",
        "b",
        'a{x="1"}',
        '{x="2"}',
        "a offset 3ms",
        "b offset -4ms",
        "a @ 0.020",
        "a @ start()",
        "b @ end()",
        "a smoothed",
        "b smoothed offset 2ms",
        "a offset step()",
    ]
)
RANGES = st.builds(
    "{}[{}ms]{}".format,
    st.sampled_from(["a", "b", '{x="2"}', 'a{y=""}']),
    st.sampled_from([2, 5, 30]),
    st.sampled_from(["", " offset 2ms", " offset -3ms", " @ 0.015"]),
)
EXTENDED = st.builds(
    "{}({}[{}]{})".format,
    st.sampled_from(["rate", "increase", "delta"]),
    st.sampled_from(["a", "b", '{x="2"}']),
    st.sampled_from(["2ms", "5ms", "2 * 8ms", "range() / 2 + 1ms"]),
    st.sampled_from([" smoothed", " anchored", " smoothed offset -3ms", " anchored @ 0.015", " smoothed @ 0.015"]),
)
OVER_WINDOW = ["rate", "sum_over_time", "last_over_time", "avg_over_time", "deriv", "stddev_over_time", "changes"]
MATCHING = ["", "on(x)", "ignoring(y)", "on(x) group_left()", "on(x) group_right(y)", "on()"]


def _grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Expressions one level up."""
    return st.one_of(
        st.builds(
            "{} {} ({})({})".format,
            st.sampled_from(["sum", "avg", "min", "count", "stddev"]),
            st.sampled_from(["by", "without"]),
            st.sampled_from(["", "x", "y"]),
            inner,
        ),
        st.builds("{}(2, {})".format, st.sampled_from(["topk", "bottomk", "limitk", "quantile"]), inner),
        st.builds("topk(scalar({}), {})".format, inner, inner),
        st.builds("({}) {} {} ({})".format, inner, st.sampled_from(["+", "/", ">"]), st.sampled_from(MATCHING), inner),
        st.builds("({}) {} ({})".format, inner, st.sampled_from(["and", "or", "unless on(x)"]), inner),
        st.builds("({}) {} 0.3".format, inner, st.sampled_from(["*", ">", "^"])),
        st.builds("clamp_max(-({}), time() * 100)".format, inner),
        st.builds("absent({})".format, inner),
        st.builds("({}) + {}".format, inner, st.sampled_from(["start()", "end()", "step()", "range()"])),
        st.builds("sum_over_time(({})[{}ms::{}ms])".format, inner, st.sampled_from([6, 25]), st.sampled_from([1, 4])),
        st.builds('label_replace({}, "x", "$1", "y", "(.*)")'.format, inner),
        st.builds('histogram_quantile(0.5, label_join({}, "le", "", "x"))'.format, inner),
        st.builds(
            "{}(({})[{}ms:{}ms]{})".format,
            st.sampled_from(["max_over_time", "sum_over_time", "rate"]),
            inner,
            st.sampled_from([6, 25]),
            st.sampled_from([1, 4]),
            st.sampled_from(["", " offset 4ms", " @ 0.020"]),
        ),
    )


EXPRESSIONS = st.recursive(
    st.one_of(SELECTORS, EXTENDED, st.builds("{}({})".format, st.sampled_from(OVER_WINDOW), RANGES)),
    _grow,
    max_leaves=3,
)
"""Over metrics `a` and `b` with labels x and y, at times of some tens of ms."""
