"""Matchers of Alertmanager: both syntaxes, and text and back."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sightline.domain.alerts.matchers import matcher_text, matchers_text, parse_matchers
from sightline.domain.errors import BadData
from sightline.domain.labels import Matcher, MatchOp

PLAIN = (MatchOp.EQUAL, MatchOp.NOT_EQUAL)
NAMES = st.text(min_size=1) | st.sampled_from(["foo", "a:b", "größe", "a b", 'quo"te', "a,b", "{}"])
MATCHERS = st.builds(Matcher, NAMES, st.sampled_from(PLAIN), st.text() | st.text('\\"n,{}= \t\n'))


def read(text: str) -> list[tuple[str, str, str]]:
    """Matchers as plain texts."""
    return [(one.name, one.op.value, one.value) for one in parse_matchers(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("{}", []),
        (" { } ", []),
        ("foo = bar", [("foo", "=", "bar")]),
        ('foo = bar, dings != "bums"', [("foo", "=", "bar"), ("dings", "!=", "bums")]),
        ('{a=~"b.*",c!~"d"}', [("a", "=~", "b.*"), ("c", "!~", "d")]),
        ('{foo = "bar", dings != "bums", }', [("foo", "=", "bar"), ("dings", "!=", "bums")]),
        ('{quote="She said: \\"Hi, ladies!\\""}', [("quote", "=", 'She said: "Hi, ladies!"')]),
        ('"größe in cm"=~"1.."', [("größe in cm", "=~", "1..")]),
        ("größe=groß", [("größe", "=", "groß")]),
        ('a="\\u00e9\\x41"', [("a", "=", "\\u00e9\\x41")]),
        ('"a b"="\\u00e9\\x41\\101\\t"', [("a b", "=", "éAA\t")]),
        ('a="x\\ny"', [("a", "=", "x\ny")]),
        ("a=[0-9]{3}", [("a", "=", "[0-9]{3")]),
        ("a=~foo|bar", [("a", "=~", "foo|bar")]),
        ("a=b c", [("a", "=", "b c")]),
        ("a=b\\c", [("a", "=", "b\\c")]),
        ("a=", [("a", "=", "")]),
        ("a=b}", [("a", "=", "b")]),
        ("a==b", [("a", "=", "=b")]),
        ('a="b\\\\"', [("a", "=", "b\\")]),
    ],
)
def test_both_syntaxes_are_read(text: str, expected: list[tuple[str, str, str]]) -> None:
    """What either syntax can read is read, and where they disagree the classic one counts."""
    assert read(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("a", "=", "a=b,,c=d", ",", '1a="x', 'a="b', 'a=b"c', '"a b"', '"a b"="\\q"', '"a b"="\\xff"', "a=~[", "a=~*"),
        *('"a b"="\\ud800"', '"a b"="\\400"', '"a b"=x}', '{"a b"=x', '"a\nb"=x', '{"a b"=x}}', "\ud800=b"),
    ],
)
def test_what_neither_syntax_reads_is_refused(text: str) -> None:
    """What neither can read is refused."""
    with pytest.raises(BadData):
        parse_matchers(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('"a b" "c"', """column 7: there is '"c"' where =, !=, =~ or !~ is expected"""),
        ('{"a b"=c', "column 9: the text ends where a comma or a closing brace is expected"),
        ('a="b', """column 3: '"b' is neither a name, an operator nor a text in double quotes"""),
    ],
)
def test_refusals_say_where(text: str, message: str) -> None:
    """A message has the column, and what would be right there."""
    with pytest.raises(BadData) as refusal:
        parse_matchers(text)
    assert refusal.value.message == message


@given(MATCHERS)
@example(Matcher("", MatchOp.EQUAL, "x"))
@example(Matcher("a", MatchOp.EQUAL, "}"))
def test_a_matcher_survives_its_text(matcher: Matcher) -> None:
    """The text of a matcher is read as the same matcher."""
    assert parse_matchers(matcher_text(matcher)) == (matcher,)


@given(st.lists(MATCHERS, max_size=4))
def test_matchers_survive_their_text(matchers: list[Matcher]) -> None:
    """The text of several, in braces, is read as the same ones."""
    assert parse_matchers(matchers_text(matchers)) == tuple(matchers)


@given(st.text(st.sampled_from('ab={}~!",\\ \n|*[](') | st.characters()))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Any text is read, or refused as bad data."""
    try:
        parse_matchers(text)
    except BadData:
        return


def test_regexes_are_anchored_and_a_missing_label_is_empty() -> None:
    """A regex must match the whole value, and a label that is missing has the empty one."""
    one, other = parse_matchers('team=~"web|db",zone!~".+"')
    assert [one.matches(value) for value in ("web", "db", "webs", "")] == [True, True, False, False]
    assert [other.matches(value) for value in ("", "eu")] == [True, False]


@pytest.mark.timeout(10)
def test_long_texts_take_no_longer_than_their_length() -> None:
    """A long text costs no more than its length, whatever it is made of, and so does its refusal."""
    for text in ("a" * 200_000, '"' * 200_001, " " * 200_000 + "!"):
        with pytest.raises(BadData) as refusal:
            parse_matchers(text)
        assert len(refusal.value.message) < 500
    assert len(parse_matchers("a=b," * 20_000)) == 20_000
    assert parse_matchers("a=" + "\\" * 200_000)[0].value == "\\" * 100_000
