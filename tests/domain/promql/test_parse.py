from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sightline.domain.errors import MalformedQuery
from sightline.domain.labels import Matcher, MatchOp
from sightline.domain.metrics.samples import SeriesColumns
from sightline.domain.promql.durations import on_grid
from sightline.domain.promql.evaluate import evaluate
from sightline.domain.promql.nodes import (
    Aggregation,
    Binary,
    Boundary,
    Call,
    Cardinality,
    Extension,
    Fill,
    Grouping,
    Matching,
    Negation,
    Node,
    Number,
    Parentheses,
    RangeSelector,
    Selector,
    Subquery,
    Text,
)
from sightline.domain.promql.parse import TextLimits, parse, parse_selector
from sightline.domain.promql.plan import plan
from sightline.domain.timerange import Grid


def metric(name: str, *matchers: Matcher, offset: int = 0, at: int | Boundary | None = None) -> Selector:
    """A selector of a metric."""
    return Selector((Matcher("__name__", MatchOp.EQUAL, name), *matchers), offset, at)


A, B = metric("a"), metric("b")
ONE_TO_ONE = Cardinality.ONE_TO_ONE


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("a", A),
        ('{"a"}', A),
        ('a{x="1",y!="2"}', metric("a", Matcher("x", MatchOp.EQUAL, "1"), Matcher("y", MatchOp.NOT_EQUAL, "2"))),
        (
            "{x=~`1|2`,y!~'\\n'}",
            Selector((Matcher("x", MatchOp.MATCHES, "1|2"), Matcher("y", MatchOp.NOT_MATCHES, "\n"))),
        ),
        ('a{"http.status"="200"}', metric("a", Matcher("http.status", MatchOp.EQUAL, "200"))),
        ("a[1h30m]", RangeSelector(A, 5_400_000)),
        ("a[90]", RangeSelector(A, 90_000)),
        ("a offset 1500ms", metric("a", offset=1500)),
        ("a offset -5m", metric("a", offset=-300_000)),
        ("a[5m] offset 1ms", RangeSelector(metric("a", offset=1), 300_000)),
        ("a @ 1603774568.123", metric("a", at=1_603_774_568_123)),
        ("a[1m] @ start()", RangeSelector(metric("a", at=Boundary.START), 60_000)),
        ("a @ -3", metric("a", at=-3000)),
        ("a[5m] smoothed", RangeSelector(replace(A, extension=Extension.SMOOTHED), 300_000)),
        ("a anchored", replace(A, extension=Extension.ANCHORED)),
        ("smoothed", metric("smoothed")),
        ("1_000", Number(1000)),
        ("010", Number(8)),
        ("a @ end() offset 1m", metric("a", at=Boundary.END, offset=60_000)),
        ("max_over_time(a[5m:1m] @ 3 offset 1m)", Call("max_over_time", (Subquery(A, 300_000, 60_000, 60_000, 3000),))),
        ("rate(a[5m:])", Call("rate", (Subquery(A, 300_000, None),))),
        ("1e3", Number(1000)),
        ("0x1F", Number(31)),
        ("1h", Number(3600)),
        ("-Inf", Number(-float("inf"))),
        ('"x\\ty"', Text("x\ty")),
        ("-a", Negation(A)),
        ("-a ^ 2", Negation(Binary("^", A, Number(2)))),
        ("(a)", Parentheses(A)),
        ("sum(a)", Aggregation("sum", A, Grouping())),
        ("SUM(a) BY (x, y)", Aggregation("sum", A, Grouping(("x", "y")))),
        ("max without () (a)", Aggregation("max", A, Grouping((), without=True))),
        ("topk(3, a)", Aggregation("topk", A, Grouping(), Number(3))),
        ("a + b", Binary("+", A, B)),
        ("a > bool b", Binary(">", A, B, to_bool=True)),
        ("a * on() b", Binary("*", A, B, Matching(ONE_TO_ONE, on=True))),
        ("a and ignoring(x) b", Binary("and", A, B, Matching(Cardinality.MANY_TO_MANY, labels=("x",)))),
        ("a or b", Binary("or", A, B, Matching(Cardinality.MANY_TO_MANY))),
        (
            "a / on(x) group_left(y) b",
            Binary("/", A, B, Matching(Cardinality.MANY_TO_ONE, on=True, labels=("x",), include=("y",))),
        ),
        ("a / ignoring(x) group_right b", Binary("/", A, B, Matching(Cardinality.ONE_TO_MANY, labels=("x",)))),
        ("a # words\n - b", Binary("-", A, B)),
        ("a + fill(Inf) b", Binary("+", A, B, fill=Fill(float("inf"), float("inf")))),
        ("fill + fill_left", Binary("+", metric("fill"), metric("fill_left"))),
        ("a + fill(2) b", Binary("+", A, B, fill=Fill(2.0, 2.0))),
        (
            "a + on(x) fill_right(-1) b",
            Binary("+", A, B, Matching(ONE_TO_ONE, on=True, labels=("x",)), fill=Fill(right=-1.0)),
        ),
        ("time()", Call("time", ())),
        (r'"\xc3\xa9\303\251\xff"', Text("éé\ufffd")),
        ("`\\n\r`", Text("\\n\r")),
    ],
)
def test_parse(text: str, node: Node) -> None:
    """Every construct becomes its node."""
    assert parse(text) == node


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        ("", "1:1", "no expression found in input"),
        ("1 +", "1:4", "unexpected end of input"),
        ("a b", "1:3", 'unexpected identifier "b"'),
        ("sum(a", "1:6", "unclosed left parenthesis"),
        ("sum(a))", "1:8", "unexpected right parenthesis"),
        ("a\n  + b]", "2:6", "unexpected right bracket"),
        ('up{a="b"', "1:9", "unexpected end of input inside braces"),
        ("a[5m", "1:5", "unclosed left bracket"),
        ("a[", "1:3", "unexpected end of input in duration expression"),
        ('a{b="c}', "1:5", "unterminated quoted string"),
        ('a{b="\\q"}', "1:5", "unknown escape sequence U+0071 'q'"),
        ('a{b="\\xg0"}', "1:5", "illegal character U+0067 'g' in escape sequence"),
        ('"\\ud800"', "1:1", "escape sequence is an invalid Unicode code point"),
        ("a{b=c}", "1:5", 'unexpected identifier "c" in label matching, expected string'),
        ('a{b=~"("}', "1:3", "error parsing regexp: missing closing ): `(`"),
        ("a{b}", "1:4", "expected label matching operator"),
        ("{}", "1:1", "at least one non-empty matcher"),
        ('a{__name__="b"}', "1:1", 'metric name must not be set twice: "a" or "b"'),
        ("a[5x]", "1:3", "bad number or duration syntax"),
        ("a[0s]", "1:3", "duration must be greater than 0"),
        ("a[1m1h]", "1:3", "not a valid duration string"),
        ("a[Inf]", "1:3", "unexpected character in duration expression: 'I'"),
        ("a offset 1e400", "1:10", 'error parsing number: strconv.ParseFloat: parsing "1e400": value out of range'),
        ("a offset 300y", "1:10", "duration out of range"),
        ("1 + a @ Inf", "1:5", "timestamp out of bounds for @ modifier: +Inf"),
        ("rate(a)", "1:6", 'expected type range vector in call to function "rate", got instant vector'),
        ("foo(a)", "1:1", 'unknown function with name "foo"'),
        ("clamp(a, 1)", "1:1", 'expected 3 argument(s) in call to "clamp", got 2'),
        ("round()", "1:1", "expected at least 1 argument(s)"),
        ("a and fill(0) b", "1:1", "filling in missing series not allowed for set operators"),
        ("1 + fill(0) b", "1:1", "filling in missing series only allowed between instant vectors"),
        ("a + fill(x) b", "1:10", 'unexpected identifier "x" in fill modifier, expected number'),
        ("rate(a[1m],)", "1:11", "trailing commas not allowed"),
        ("sum(a, b)", "1:1", "wrong number of arguments"),
        ("sum(a[5m])", "1:5", "expected type instant vector in aggregation"),
        ("topk(a, b)", "1:6", "expected type scalar in aggregation"),
        ("1 > 2", "1:3", "comparisons between scalars must use BOOL"),
        ("a + bool b", "1:3", "bool modifier"),
        ("a and 1", "1:1", 'set operator "and" not allowed'),
        ("a + on(x) 1", "1:1", "vector matching only allowed between instant vectors"),
        ("a and on(x) group_left b", "1:1", "no grouping allowed"),
        ("a / on(x) group_left(x) b", "1:3", 'label "x" must not occur'),
        ('a + "b"', "1:5", "only scalar and instant vector types"),
        ('-"b"', "1:1", "unary expression only allowed"),
        ("(a)[5m]", "1:4", "ranges only allowed for vector selectors"),
        ("1 offset 5m", "1:1", "offset modifier must be preceded by an instant vector selector"),
        ("a offset 5m offset 5m", "1:1", "may not be set multiple times"),
        ("é", "1:1", "unexpected character"),
        ("a.b", "1:2", "unexpected character"),
        ("`x", "1:1", "unterminated raw string"),
        ("a ! b", "1:3", "unexpected character after '!'"),
        # What is wrong with the syntax is told before what is wrong with types, and both before what cannot be read.
        ("rate(a) + ) $", "1:12", "unexpected right parenthesis"),
        ("rate(a) + * $", "1:11", "unexpected <op:*>"),
        ("rate(a) + (b c) $", "1:14", 'unexpected identifier "c"'),
        ("sum(a b)", "1:7", 'unexpected identifier "b" in aggregation'),
        ("sum by a", "1:8", 'unexpected identifier "a" in grouping opts, expected "("'),
        ("sum by (1) (a)", "1:9", 'unexpected number "1" in grouping opts, expected label'),
        ("sum by (a b) (c)", "1:11", 'unexpected identifier "b" in grouping opts, expected "," or ")"'),
        ("sum()", "1:1", "no arguments for aggregate expression provided"),
        ("sum(a) without (x) by (y)", "1:20", "unexpected <by>"),
        ('a{b="c" d="e"}', "1:9", 'unexpected identifier "d" in label matching, expected "," or "}"'),
        ("a{,}", "1:3", 'unexpected "," in label matching, expected identifier or "}"'),
        ("a:b{c:d=1}", "1:6", "unexpected character inside braces: ':'"),
        ("a[5m b]", "1:6", "unexpected character: 'b', expected ':'"),
        ("a offset step()[5m]", "1:16", "no offset modifiers allowed before range"),
        ("1e+", "1:1", 'bad number or duration syntax: "1e'),
        ("1e++1", "1:1", 'parsing "1e+": invalid syntax'),
        ('"ü" 1', "1:5", 'unexpected number "1"'),
        ("a[5y1hs]", "1:3", 'unknown unit "hs" in duration "5y1hs"'),
        ("a[5m1h]", "1:3", 'not a valid duration string: "5m1h"'),
        (f"a[{'9' * 5000}s]", "1:3", "not a valid duration string"),
        ("a[999999999999y]", "1:3", "duration out of range"),
        ("a[]", "1:3", 'unexpected "]" in subquery or range selector, expected number, duration, step(), or range()'),
        ("a[5m:1m:1m]", "1:8", "unexpected colon ':'"),
        ("a[:1m]", "1:4", "unexpected colon before duration in duration expression"),
        ('a["5m"]', "1:3", "unexpected character in duration expression: '\"'"),
        ("a[5m / 0]", "1:6", "division by zero"),
        ("a[-5m]", "1:3", "duration must be greater than 0"),
        ("a offset b", "1:10", 'unexpected identifier "b" in offset, expected number, duration, step(), or range()'),
        ("a @ b", "1:5", 'unexpected identifier "b" in @, expected timestamp'),
        ("a offset 1m [5m]", "1:13", "no offset modifiers allowed before range"),
        ("a @ 1 [5m]", "1:7", "no @ modifiers allowed before range"),
        ("a @ end() [5m]", "1:11", "no @ modifiers allowed before range"),
        ("a @ 1 @ 2", "1:1", "@ <timestamp> may not be set multiple times"),
        ("1[5m:]", "1:1", "subquery is only allowed on instant vector, got scalar instead"),
        ("a[5m:1m] anchored", "1:1", "anchored modifier is not supported for subqueries"),
        ("a anchored smoothed", "1:1", "anchored and smoothed modifiers cannot be used together"),
        ("1 smoothed", "1:1", "smoothed modifier not implemented"),
        ("info(a, b)", "1:9", "expected label selectors only, got vector selector instead"),
        ("info(a, sum(b))", "1:9", "expected label selectors only"),
        ("a == bool", "1:10", "unexpected end of input"),
        ("a + on", "1:7", 'unexpected end of input in grouping opts, expected "("'),
        ("{__name__=~'.*'}", "1:1", "at least one non-empty matcher"),
        ('"a very long string" b', "1:22", 'unexpected identifier "b"'),
        ('a "a very long string"', "1:3", 'unexpected string "\\"a very lo"...'),
    ],
)
def test_malformed(text: str, where: str, words: str) -> None:
    """What is no PromQL is refused with the line and column where it stops being it."""
    with pytest.raises(MalformedQuery) as failure:
        parse(text)
    line, column = (int(part) for part in where.split(":"))
    assert failure.value.message.startswith(f"{where}: parse error: ")
    assert words in failure.value.message
    assert failure.value.detail == {"line": line, "column": column}


def test_a_duration_may_be_an_expression() -> None:
    """Arithmetic of numbers is worked out; what follows from the query's grid stays, until that is known."""
    assert parse("a[2m * (10 + 5)]") == RangeSelector(A, 1_800_000)
    assert parse("a[1h30m % 1h]") == RangeSelector(A, 1_800_000)
    assert parse("a[max(1m, 90)]") == parse("a[max_of(1m, 90)]") == RangeSelector(A, 90_000)
    assert parse("a[(-2) ^ 2]") == parse("a[MIN_OF(4, (5))]") == RangeSelector(A, 4000)
    assert parse("a[0.0001 * 2:0.0001 * 2]") == Subquery(A, 1, None)
    assert parse("a offset -(2 ^ 2)") == metric("a", offset=-4000)
    assert parse("a offset 2 ^ 2") == Binary("^", metric("a", offset=2000), Number(2))
    assert parse("a[1.5]") == RangeSelector(A, 1500)
    root = parse("sum_over_time(a[step() + 1:2 * 5] offset range())")
    grid = Grid(60_000, 180_000, 30_000)
    found = Call("sum_over_time", (Subquery(A, 31_000, 10_000, 120_000),))
    assert on_grid(root, grid, is_range=True) == found
    assert on_grid(parse("end() - start() + step() + range()"), grid, is_range=True) == Binary(
        "+", Binary("+", Binary("-", Number(180), Number(60)), Number(30)), Number(120)
    )
    with pytest.raises(MalformedQuery, match="duration must be greater than 0"):
        on_grid(parse("a[step()]"), Grid.instant(0), is_range=False)


DEEP = 4_000


@pytest.mark.parametrize(
    "text",
    [
        "(" * DEEP + "1" + ")" * DEEP,
        "(" * DEEP,
        "+".join(["a"] * DEEP),
        "^".join(["1"] * DEEP),
        " and ".join(["a"] * DEEP),
        "abs(" * DEEP + "a" + ")" * DEEP,
        "-" * DEEP + "1",
        "a" + "[5m:1m]" * DEEP,
        "sum(a) + (" * DEEP + "1" + ")" * DEEP,
        "(a+" * DEEP + "a" + ")" * DEEP,
    ],
    ids=lambda text: text[:12],
)
def test_depth_is_bounded(text: str) -> None:
    """Nesting that would overflow the parser's stack is refused, with the limit's name and a position."""
    with pytest.raises(MalformedQuery, match=r"^1:\d+: parse error: ") as failure:
        parse(text)
    assert "query.max_depth" in failure.value.message or text.count("(") != text.count(")")


def test_length_is_bounded() -> None:
    """A longer text than allowed is refused with the limit's name."""
    with pytest.raises(MalformedQuery, match=r"query\.max_length allows 10"):
        parse("a" * 11, TextLimits(length=10))


@pytest.mark.parametrize(
    "text",
    [
        "(" * 100 + "a" + ")" * 100,
        "+".join(["a"] * 301),
        "^".join(["1"] * 301),
        "abs(" * 100 + "a" + ")" * 100,
        "sum(" * 100 + "a" + ")" * 100,
        "-(" * 75 + "a" + ")" * 75,
        "(a+" * 75 + "a" + ")" * 75,
        "clamp(a, 1, scalar(" * 50 + "a" + "))" * 50,
        "info(" * 100 + "a" + ")" * 100,
        "max_over_time(" * 75 + "a" + "[5m::1m])" * 75,
        "rate(a[" + "(" * 98 + "1" + ")" * 98 + "])",
        "rate(a[1" + "+ step()" * 290 + "])",
    ],
    ids=lambda text: text[:12],
)
def test_what_the_depth_allows_can_be_carried_out(text: str) -> None:
    """The deepest query that is accepted is parsed, planned, evaluated, and found wrong when it is: no stack overflows."""
    planned = plan(parse(text), Grid.instant(0))
    evaluate(planned, [SeriesColumns.empty() for _ in planned.fetches])
    for wrong in (text.replace("a", "1").replace("1", "a b", 1), f"{text} and 1", f"rate({text})"):
        with pytest.raises(MalformedQuery):
            parse(wrong)


@pytest.mark.parametrize(
    "text",
    [
        "label_join(a, 'b', ''" + ",\n'c'" * 10_000 + ")",
        "a + ignoring(" + "b," * 15_000 + "b) group_left(" + "c," * 15_000 + "c) a",
        "{" + "b!='\\n'," * 20_000 + "a='" + "\\n" * 40_000 + "'}",
        "label_join(a, 'b', ''" + ", fill " * 10_000 + ", 'c')",
    ],
    ids=lambda text: text[:12],
)
def test_long_texts_take_no_longer_than_their_length(text: str) -> None:
    """Nothing is gone through again for each of very many parts, which would take minutes."""
    if "fill" in text:
        with pytest.raises(MalformedQuery, match="expected type string"):
            parse(text)
    else:
        parse(text)


def test_depth_counts_what_is_open_together() -> None:
    """Arguments side by side are not deep."""
    text = " + ".join(["clamp(a + a, 1 + 1, 2 + 2)"] * 100)
    assert isinstance(parse(text), Binary)


def test_selectors() -> None:
    """A selector alone gives its matchers; anything more is refused."""
    assert parse_selector('up{job="x"}') == metric("up", Matcher("job", MatchOp.EQUAL, "x")).matchers
    for text in ("up[5m]", "up offset 1m", "up @ 1", "rate(up[5m])", "1", "(up)"):
        with pytest.raises(MalformedQuery, match="expected a series selector"):
            parse_selector(text)


PIECES = st.sampled_from(
    [
        *(
            "a",
            "b",
            "sum",
            "rate",
            "on",
            "by",
            "without",
            "group_left",
            "bool",
            "and",
            "or",
            "unless",
            "offset",
            "time",
            "vector",
        ),
        *(
            "inf",
            "NaN",
            "count_values",
            "topk",
            "label_replace",
            "fill",
            "start()",
            "end()",
            "by(x)",
            "[5m]",
            '{a="b"}',
            "9y",
        ),
        *(
            "(",
            ")",
            "{",
            "}",
            "[",
            "]",
            ",",
            "@",
            ":",
            "=",
            "=~",
            "!=",
            "==",
            ">",
            "<",
            "+",
            "-",
            "^",
            "#",
            "!",
            ".",
            "é",
        ),
        *("5m", "1", "0s", "1e400", "0x", '"x"', "'y'", "`z`", "`", '"', "'", "\\"),
    ]
)


@given(
    text=st.one_of(
        st.text(max_size=40), st.lists(PIECES, max_size=12).map(" ".join), st.lists(PIECES, max_size=12).map("".join)
    )
)
@example(text="\x00")
@example(text="a[1d")
def test_any_text_parses_or_is_refused_with_a_position(text: str) -> None:
    """No text does anything worse than being refused, at a place within it."""
    found = refusal(text)
    if found is not None:
        lines = text.split("\n")
        line, column = found
        assert 1 <= line <= len(lines)
        assert 1 <= column <= len(lines[line - 1]) + 1


def refusal(text: str) -> tuple[int, int] | None:
    """Where a text is refused; None when it parses."""
    try:
        parse(text)
    except MalformedQuery as error:
        return error.detail["line"], error.detail["column"]
    return None
