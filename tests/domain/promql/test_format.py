from dataclasses import fields, is_dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.domain.labels import Matchers
from sightline.domain.promql.format import LINE, duration, pretty, text
from sightline.domain.promql.nodes import Node, RangeSelector, Selector
from sightline.domain.promql.parse import parse, parse_as_written

SELECTORS = st.sampled_from(
    [
        "up",
        'up{job="a",instance!~"b.*"}',
        '{"x.y","a.b"=~"c|d"}',
        '{__name__=~"a|b"}',
        '{__name__="inf"}',
        "a:b:c",
        'a{b="\\"\\\\\\n\\x07é\\u200b"}',
    ]
)
MODIFIERS = st.sampled_from(
    ["", " offset 5m", " offset -1w", " @ 1.5", " @ end()", " @ start() offset 90s", " offset step()"]
)
NUMBERS = st.one_of(
    st.floats(1e-9, 1e9).map(repr), st.sampled_from(["Inf", "-Inf", "NaN", "0x1F", "1h30m", "1e30", "-3"])
)
LEAVES = st.one_of(
    st.builds("{}{}".format, SELECTORS, MODIFIERS),
    st.builds("{} {}{}".format, SELECTORS, st.sampled_from(["anchored", "smoothed"]), MODIFIERS),
    st.builds(
        "rate({}[{}]{})".format,
        SELECTORS,
        st.sampled_from(
            ["5m", "1d12h", "52w", "1500ms", "2 * 5m", "-(step() + 1)", "max(range(), 1m)", "(-2) ^ min_of(2, (3))"]
        ),
        MODIFIERS,
    ),
)


def _grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Expressions one level up."""
    grouping = st.sampled_from(["", " by (a, b)", ' without ("x.y")', " without ()"])
    matching = st.sampled_from(["", " on ()", " ignoring (a) group_left (b)", " on (a) group_right ()", " fill (3)"])
    modifiers = st.sampled_from([" fill_left (1e300)", " on (a) fill_left (1) fill_right (-2.5)"])
    return st.one_of(
        st.builds("sum{} ({})".format, grouping, inner),
        st.builds("topk{} ({}, {})".format, grouping, NUMBERS, inner),
        st.builds('count_values("{}", {})'.format, st.sampled_from(["v", "é"]), inner),
        st.builds("({}) {}{} ({})".format, inner, st.sampled_from("+*/^"), st.one_of(matching, modifiers), inner),
        st.builds("{} {} {}".format, inner, st.sampled_from(["== bool", "<", "and on (a)", "unless"]), LEAVES),
        st.builds("-{}".format, inner),
        st.builds("+{}".format, inner),
        st.builds(
            "max_over_time(({})[1h:{}]{})".format, inner, st.sampled_from(["", "5m", ":", ":2 * step()"]), MODIFIERS
        ),
        st.builds("info({}{})".format, inner, st.sampled_from(["", ', {__name__=~".+_info",a="b"}'])),
        st.builds('histogram_quantiles({}, "q", 0.5, -1)'.format, inner),
        st.builds('label_replace({}, "a", "$1", "b", `(.*)`)'.format, inner),
        st.builds("{} * {}".format, NUMBERS, inner),
    )


EXPRESSIONS = st.recursive(LEAVES, _grow, max_leaves=12)


def sorted_matchers(node: object) -> object:
    """A node with the matchers of its selectors in order of their text, as they are printed."""
    if isinstance(node, Selector):
        ordered: Matchers = tuple(sorted(node.matchers, key=str))
        return replace(node, matchers=ordered)
    if isinstance(node, tuple):
        return tuple(sorted_matchers(one) for one in node)
    if is_dataclass(node):
        return (type(node), *(sorted_matchers(getattr(node, one.name)) for one in fields(node) if one.compare))
    return repr(node) if isinstance(node, float) else node  # NaN equals itself as text


def same(first: Node, second: Node) -> bool:
    """Whether two trees are equal but for the order of matchers."""
    return sorted_matchers(first) == sorted_matchers(second)


@given(EXPRESSIONS)
def test_what_is_printed_means_the_same(expression: str) -> None:
    """A query printed and parsed again is the same query, on one line and laid out; printing it again changes nothing."""
    node = parse_as_written(expression)
    for printed in (text(node), pretty(node)):
        assert same(parse_as_written(printed), node), printed
        assert pretty(parse_as_written(printed)) == pretty(node)


@given(EXPRESSIONS)
def test_lines_are_short_unless_nothing_breaks_them(expression: str) -> None:
    """What stays on one line fits there, or is a single selector with its modifiers, or an operator and its labels."""
    for line in pretty(parse_as_written(expression)).splitlines():
        assert len(line.strip().rstrip(",")) <= LINE + 40


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("sum(up)by(job,instance)", "sum by (job, instance) (up)"),
        ("SUM(up) without ()", "sum without () (up)"),
        ("sum by () (up)", "sum(up)"),
        ('up{b="2",a="1"}', 'up{a="1",b="2"}'),
        ("{__name__='up'}", '{__name__="up"}'),
        ("sum{a='b'}", 'sum{a="b"}'),
        ("{__name__='',a='b'}", '{__name__="",a="b"}'),
        ("{''='0', '_0'='1', '0'='1'}", '{""="0","0"="1",_0="1"}'),
        ("{__name__='by'}", '{__name__="by"}'),
        ('{"a.b"}', '{__name__="a.b"}'),
        ("rate(up[300s]  offset 1d)", "rate(up[5m] offset 1d)"),
        ("up offset 1w @ 5", "up @ 5.000 offset 1w"),
        ("up[5m:] @ end()", "up[5m:] @ end()"),
        ("a+ on(x)group_left b", "a + on (x) group_left () b"),
        ("a + ignoring () b", "a + b"),
        ("a > bool 1.50", "a > bool 1.5"),
        ("a + fill_left(1) fill_right(1) b", "a + fill (1) b"),
        ("1e21 + 1h", "1000000000000000000000 + 1h"),
        ("-90s * 1w2d + 3600", "-1m30s * 9d + 3600"),
        ("'a\"b'", '"a\\"b"'),
        ("+ a", "+a"),
        ("- + (1)", "-+(1)"),
        ("+ 1", "1"),
        ("a @ end() anchored offset 5m", "a @ end() anchored offset 5m"),
        ("a[5m] @ 1 offset 5m smoothed", "a[5m] smoothed @ 1.000 offset 5m"),
        ("a[5m*2+step()]", "a[5m * 2 + step()]"),
        ("a[(5m*2)-min(range(),-10s)]", "a[(5m * 2) - min(range(), -10s)]"),
        ("a[300] offset +(5 ^ -2)", "a[5m] offset (5 ^ -2)"),
        ("a offset -max(step(), 1m)", "a offset -max(step(), 1m)"),
        ("a offset -min_of(5s,+MAX_OF(step()^2,2))", "a offset -min_of(5s, max_of(step() ^ 2, 2))"),
        ("a[(-2)^2] offset +(5)", "a[(-2) ^ 2] offset (5)"),
        ("a[5m:: 1m]", "a[5m::1m]"),
        ("a[1h * 2:-step()] offset -(step())", "a[1h * 2:-step()] offset -(step())"),
        ("a[1h:(5m + 1)] @ start()", "a[1h:(5m + 1)] @ start()"),
        ("a - ignoring() group_left(x) c", "a - ignoring () group_left (x) c"),
        ("a / on('ä', b) group_right('c.d') fill_left(-23) c", 'a / on ("ä", b) group_right ("c.d") fill_left (-23) c'),
        ("- (a)", "-(a)"),
        ("pi( )", "pi()"),
    ],
)
def test_short_queries_stand_on_one_line(written: str, printed: str) -> None:
    """Spacing, order and spelling become Prometheus' own."""
    assert pretty(parse_as_written(written)) == printed


def test_long_queries_are_broken() -> None:
    """Each part that does not fit stands on lines of its own, two spaces further in."""
    selector = 'http_requests_total{job="api",code=~"5.."}'
    query = (
        f"sum by (job) (rate({selector}[5m])) / on (job) group_left () "
        f"topk(3, avg_over_time((clamp_max({selector}, 100) + {selector})[1h:5m]))"
    )
    selector = 'http_requests_total{code=~"5..",job="api"}'
    assert pretty(parse(query)).splitlines() == [
        f"  sum by (job) (rate({selector}[5m]))",
        "/ on (job) group_left ()",
        "  topk(",
        "    3,",
        "    avg_over_time(",
        "      (",
        f"          clamp_max({selector}, 100)",
        "        +",
        f"          {selector}",
        "      )[1h:5m]",
        "    )",
        "  )",
    ]


@pytest.mark.parametrize("sign", "-+")
def test_a_sign_stands_before_what_it_is_of(sign: str) -> None:
    """A sign takes no line of its own."""
    long = " + ".join(["metric_with_a_name"] * 6)
    assert pretty(parse(f"{sign}({long})")).splitlines()[0] == f"{sign}("


def test_bytes_make_a_line_long() -> None:
    """Characters beyond ASCII count as many as they take, as in Prometheus."""
    assert len(pretty(parse(f'label_replace(a, "b", "{"x" * 60}", "c", "d")')).splitlines()) == 1
    assert len(pretty(parse(f'label_replace(a, "b", "{"é" * 60}", "c", "d")')).splitlines()) == 7


@pytest.mark.parametrize(
    ("milliseconds", "written"),
    [
        (0, "0s"),
        (1, "1ms"),
        (90_000, "1m30s"),
        (86_400_000 * 7, "1w"),
        (86_400_000 * 8, "8d"),
        (86_400_000 * 365, "1y"),
    ],
)
def test_durations(milliseconds: int, written: str) -> None:
    """Weeks and years only where nothing is left over."""
    assert duration(milliseconds) == written


def test_a_deep_query_is_printed() -> None:
    """As deep as the parser lets it be, and broken at every level."""
    node = parse("abs(" * 60 + "metric_name_number_one" + ")" * 60)
    assert isinstance(parse("up[5m]"), RangeSelector)
    assert parse(pretty(node)) == node
