"""Conditions: what they ask, what they answer, and what is said of those that cannot be."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles.conditions import ABSENT, Tree, text_of, truth

from sightline.domain.errors import InvalidField
from sightline.domain.probes.condition import parse_condition
from sightline.domain.probes.outcome import Certificate, Outcome, Phase
from sightline.domain.probes.quantity import quoted
from sightline.domain.timerange import DAY

NOW = 1_790_000_000_000
ANSWER = Outcome(
    status=503,
    seconds=0.812,
    phases=((Phase.CONNECT, 0.02), (Phase.PROCESSING, 0.7)),
    body=b'{"status": "up", "items": [{"count": 3}, {"count": 1}], "build": "v12", "ok": true, "none": null}',
    size=2048,
    headers=(("Content-Type", "application/json"), ("Set-Cookie", "session=secret"), ("X-Id", "a"), ("x-id", "b")),
    certificate=Certificate("CN=shop.example", "CN=CA", NOW + 6 * DAY, NOW - DAY, "ff", ("shop.example", "*.example")),
    address="192.0.2.7",
    version="HTTP/2",
    redirects=1,
    facts={"answers": ("192.0.2.1", "192.0.2.2"), "rcode": "NOERROR", "offset": -0.002, "loss": 0.25, "odd": 7.0},
)


@pytest.mark.parametrize(
    "text",
    [
        "status == 503",
        "status in 500..599",
        "status in (200, 500..510)",
        "status not in (200, 204)",
        "latency < 1s",
        "latency in 100ms..1.5s",
        "phase.connect < 100ms",
        "size == 2KiB",
        "size > 1000",
        "redirects <= 2",
        'version == "HTTP/2"',
        "address in ('192.0.2.7', '192.0.2.8')",
        'body contains "up"',
        r'body matches "v\d+"',
        "not body contains 'error'",
        "body not contains 'error'",
        'json("$.status") == "up"',
        'json("$.items[0].count") >= 3',
        'json("$.ok") == true',
        'json("$.none") == null',
        'json("$[\'status\']") in ("up", "ok")',
        'json("$.items[*].count") contains 1',
        'len(json("$.items")) > 1',
        'len(json("$..count")) == 2',
        'any(json("$.items[*].count")) > 2',
        'all(json("$.items[*].count")) >= 1',
        'header("content-type") contains "json"',
        'header("X-ID") == "a, b"',
        "certificate.expires_in > 5d",
        'certificate.names contains "*.example"',
        'answers contains "192.0.2.1"',
        'all(answers) matches "^192[.]"',
        'rcode == "NOERROR"',
        "offset > -100ms and offset < 100ms",
        "loss < 50%",
        'fact("odd") == 7',
        'has(header("x-id")) and not has(header("x-other"))',
        "status == 200 or (latency < 1s and redirects == 1)",
        "degraded: latency < 1s",
    ],
)
def test_conditions_that_hold(text: str) -> None:
    """Each of these holds of one answer, and so does what it is written as."""
    condition = parse_condition(text)
    assert condition.check(ANSWER, NOW) == ""
    assert parse_condition(str(condition)) == condition


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("status == 200", "status is 503, not 200"),
        ("status in 200..299", "status is 503, not in 200..299"),
        ("status != 503", "status is 503, which is excluded"),
        ("not status in (503, 504)", "status is 503, which is excluded"),
        ("latency < 500ms", "latency is 812 ms, not < 500 ms"),
        ("not latency > 500ms", "latency is 812 ms, which is > 500 ms"),
        ("size < 1KiB", "size is 2 KiB, not < 1 KiB"),
        ("certificate.expires_in > 14d", "certificate.expires_in is 6 days, not > 14 days"),
        ('version == "HTTP/1.1"', 'version is "HTTP/2", not "HTTP/1.1"'),
        ('not body contains "up"', 'body contains "up"'),
        ('json("$.status") == "down"', 'json("$.status") is "up", not "down"'),
        ('json("$.status") > 3', 'json("$.status") is "up", which is no number'),
        ('json("$.items") == 3', 'json("$.items") is a list of 2, not 3'),
        ('json("$.missing") == 3', 'there is no json("$.missing")'),
        ('not json("$.missing") == 3', 'there is no json("$.missing")'),
        ('has(json("$.missing"))', 'there is no json("$.missing")'),
        ('not has(json("$.status"))', 'there is json("$.status")'),
        ('all(json("$..count")) > 2', 'one of json("$..count") is 1, not > 2'),
        ('any(json("$..count")) > 5', 'nothing in json("$..count") is > 5: there is 3, 1'),
        ('all(json("$.nothing[*]")) > 2', 'json("$.nothing[*]") is empty'),
        ('answers contains "x"', 'answers does not contain "x": "192.0.2.1", "192.0.2.2"'),
        ('header("x-none") == "a"', "there is no header x-none"),
        ('header("set-cookie") == "a"', 'header("set-cookie") is ***, not "a"'),
        ("stratum < 3", "there is no stratum"),
        ("phase.tls < 1s", "there was no phase tls"),
        ("domain.expires_in > 30d", "the end of the registration is not known"),
        ("latency < 1s and status == 200", "status is 503, not 200"),
        ("status == 200 or redirects == 0", "status is 503, not 200 and redirects is 1, not 0"),
    ],
)
def test_a_condition_that_fails_says_what_was_found(text: str, why: str) -> None:
    """One sentence names what was asked for, what there was, and what was wanted; what nobody may see is masked."""
    assert parse_condition(text).check(ANSWER, NOW) == why


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("statu == 200", "column 1: there is no 'statu': did you mean status?"),
        ("latency < 5", "column 11: latency is a duration and is compared with one such as 500ms, not with a number"),
        ('status == "200"', "column 11: status is a number and is compared with one such as 200, not with a text"),
        ("latency < 'x'", "column 11: latency is a duration and is compared with one such as 500ms, not with a text"),
        ("status = 200", "column 8: '=' is no operator here: write =="),
        ("status == 200 && latency < 1s", "column 15: '&&' comes after a whole condition: join two by and, or or"),
        ("status contains 2", "column 8: status is a number, for which there is no contains"),
        ("answers == 'x'", "ask with len(...), any(...) or all(...)"),
        ("any(status) == 2", "column 1: status is a number, one value: compare it without any(...)"),
        ("status == ok", "column 11: 'ok' is no value to compare status with: write 200"),
        ("body == ok", "(texts stand in quotes)"),
        ("body == 'ok", "column 9: the text that begins here has no closing '"),
        ("body matches '('", "column 14: error parsing regexp: missing closing ): `(`"),
        ("json('$.a[?@.b]') == 1", "filters are no part of these paths"),
        ("json('status') == 1", "is no JSON path: it begins with $"),
        ("json(status) == 1", "column 6: json(...) takes a text in quotes, not 'status'"),
        ("len(latency) > 3", "latency is a duration, which has no length"),
        ("latency < 1x", "column 11: '1x' is no number, duration or size"),
        ("status in 200", "column 11: in wants a range such as 200..299, or a list such as (200, 204)"),
        ("status in 299..200", "column 11: the range ends before it begins"),
        ("status not == 2", "column 12: not stands before in, contains and matches"),
        ("json('$.a') < 'b'", "column 15: < compares numbers, not \"'b'\""),
        ("(status == 200", "column 15: ')' is missing before the end: a parenthesis is not closed"),
        ("", "column 1: the end stands where a name is wanted"),
        ("status == 1e999", "1e999 is too large a number"),
        ("degraded latency < 1s", "column 10: ':' is missing before 'latency'"),
        ("not " * 30 + "status == 1", "a condition is nested at most 20 deep"),
        ("status == 200 or " * 300 + "status == 1", "a condition has at most 2000 characters"),
        ("status == 200 €", "column 15: '€' is no part of a condition"),
    ],
)
def test_what_cannot_be_a_condition_is_refused_where_it_goes_wrong(text: str, said: str) -> None:
    """The column, what was read there, and what would be right."""
    with pytest.raises(InvalidField) as caught:
        parse_condition(text)
    assert said in caught.value.message
    assert isinstance(caught.value.detail["column"], int)


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe", b"[" * 100_000])
def test_a_body_that_is_no_json_satisfies_nothing(body: bytes) -> None:
    """Neither a comparison of a JSON value nor its opposite holds of it, and it is not taken for a defect."""
    for text in ('json("$.a") == 1', 'not json("$.a") == 1', 'len(json("$..a")) == 0'):
        assert parse_condition(text).check(Outcome(body=body), NOW) in {"there is no body", "the body is no JSON"}


def test_texts_are_read_in_the_character_set_that_their_header_names() -> None:
    """Latin-1 is read as such; a set that nobody knows is taken for UTF-8."""
    condition = parse_condition('body == "é"')
    assert condition.check(Outcome(body=b"\xe9", headers=(("content-type", "text/html; charset=latin1"),)), NOW) == ""
    assert condition.check(Outcome(body="é".encode(), headers=(("Content-Type", "a/b; charset=nope"),)), NOW) == ""


def test_a_large_body_is_told_of_by_its_beginning() -> None:
    """No message holds more than a few words of a body."""
    why = parse_condition('body contains "ok"').check(Outcome(body=b"x" * 100_000), NOW)
    assert why.startswith('body does not contain "ok": "xxx')
    assert len(why) < 120


def test_whether_it_degrades_is_part_of_a_condition() -> None:
    """`degraded:` in front says that what fails it is not down."""
    assert parse_condition("degraded: latency < 1s").degrades
    assert not parse_condition("latency < 1s").degrades


@given(st.text(max_size=200))
def test_any_text_comes_back_from_quotes(text: str) -> None:
    """What is written in quotes is read as it was."""
    assert parse_condition(f"body == {quoted(text)}").check(Outcome(body=text.encode()), NOW) == ""


@given(st.text(max_size=40) | st.text(alphabet='statuslency<>=()"\\ .0123456789msandornot', max_size=40))
def test_any_text_is_a_condition_or_is_refused(text: str) -> None:
    """Whatever is given, it is read and written alike, or an error names a column."""
    try:
        condition = parse_condition(text)
    except InvalidField as error:
        assert error.message.startswith(f"column {error.detail['column']}: ")  # noqa: PT017 - it may be refused or not
        return
    assert parse_condition(str(condition)) == condition


NUMBERS = st.integers(0, 6)
SPANS = st.tuples(NUMBERS, NUMBERS).map(lambda pair: (min(pair), max(pair)))
ORDER = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
TEXTS = st.text("ab\\\"' é", max_size=4)
NUMERIC = st.sampled_from(["status", "latency", "phase.connect", "redirects"])
LEAVES: st.SearchStrategy[Tree] = (
    st.tuples(NUMERIC, ORDER, NUMBERS)
    | st.tuples(NUMERIC, st.just("in"), SPANS)
    | st.tuples(st.sampled_from(["body", "version"]), st.sampled_from(["==", "!=", "contains"]), TEXTS)
    | st.tuples(st.just("has"), st.sampled_from(["status", "phase.connect", "version"]))
)


def _grown(parts: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    several = st.lists(parts, min_size=2, max_size=3)
    return st.tuples(st.just("not"), parts) | st.tuples(st.sampled_from(["and", "or"]), several)


TREES: st.SearchStrategy[Tree] = st.recursive(LEAVES, _grown, max_leaves=8)


@st.composite
def outcomes(draw: st.DrawFn) -> tuple[Outcome, dict[str, Any]]:
    """An outcome, and what it holds by name."""
    status, connect = draw(st.none() | NUMBERS), draw(st.none() | NUMBERS)
    latency, redirects, body, version = draw(NUMBERS), draw(NUMBERS), draw(TEXTS), draw(TEXTS)
    outcome = Outcome(
        status=status,
        seconds=latency / 1000,
        phases=() if connect is None else ((Phase.CONNECT, connect / 1000),),
        redirects=redirects,
        body=body.encode(),
        version=version,
    )
    return outcome, {
        "status": ABSENT if status is None else status,
        "latency": latency,
        "phase.connect": ABSENT if connect is None else connect,
        "redirects": redirects,
        "body": body,
        "version": version or ABSENT,
    }


@given(TREES, outcomes())
def test_conditions_hold_as_their_definition_says(tree: Tree, seen: tuple[Outcome, dict[str, Any]]) -> None:
    """However operators are nested, the answer is that of the obvious evaluation, before and after writing it anew."""
    outcome, values = seen
    condition = parse_condition(text_of(tree))
    again = parse_condition(str(condition))
    assert again == condition
    for one in (condition, again):
        why = one.check(outcome, NOW)
        assert (why == "") is (truth(tree, values) is True)
