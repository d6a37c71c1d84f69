"""Go's string and rune literals."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sightline.domain.errors import BadData
from sightline.domain.go_literals import quoted, rune, unquoted

TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.text("aé\"'\\\n\x00\x7f\x80\u200b\ufeff\U0001f600")


@given(text=TEXTS, quote=st.sampled_from("\"'"), ascii_only=st.booleans())
@example(text="\a\b\f\n\r\t\v\\\"'", quote="'", ascii_only=False)
def test_what_is_written_is_read(text: str, quote: str, *, ascii_only: bool) -> None:
    """Any text is written so that it can be printed, in ASCII if that is asked for, and reads back as itself."""
    written = quoted(text, quote, ascii_only=ascii_only)
    assert written.isprintable()
    assert written.isascii() or not ascii_only
    assert unquoted(written, errors="strict") == text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a\"b'", '"a\\"b\'"'),
        ("\a\b\f\n\r\t\v\\", '"\\a\\b\\f\\n\\r\\t\\v\\\\"'),
        ("\x00\x7f\x80\ud800\u200b\U000e0001", '"\\x00\\x7f\\u0080\\ud800\\u200b\\U000e0001"'),
    ],
)
def test_escapes_are_those_of_quote(text: str, written: str) -> None:
    """By a letter where there is one, else by as many digits as are needed; the other quote is not escaped."""
    assert quoted(text) == written


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        (r'"\101\x41\u0041\U00000041"', "AAAA"),
        (r'"\xc3\xa9\303\251é"', "ééé"),
        (r'"\xff\u00ff"', "\ufffdÿ"),
        (r"'\'\\'", "'\\"),
        ("`a\\n\r\n`", "a\\n\n"),
    ],
)
def test_literals_are_read(literal: str, text: str) -> None:
    """Escapes of one byte each make UTF-8 together, or the mark of what is none; a raw literal has no escapes."""
    assert unquoted(literal) == text


@pytest.mark.parametrize(
    "literal", [r'"\q"', r'"\'"', r"'\"'", r'"\400"', r'"\18"', r'"\xg0"', r'"\ud800"', r'"\U00110000"']
)
def test_what_is_no_escape_is_refused(literal: str) -> None:
    """Unknown letters, the quote that stands not around it, too few digits, and what is no byte or no character."""
    with pytest.raises(BadData, match="is no escape sequence"):
        unquoted(literal)


@pytest.mark.parametrize(
    ("literal", "code"),
    [("'a'", 97), ("'é'", 233), (r"'\n'", 10), (r"'\''", 39), ("'\"'", 34), (r"'\xff'", 255), (r"'\377'", 255)],
)
def test_runes_are_numbers(literal: str, code: int) -> None:
    """Of the character, or of the byte that is escaped."""
    assert rune(literal) == code


@pytest.mark.parametrize("literal", ["''", "'ab'", r"'\nn'", r"'\q'", r"'\"'", r"'\ud800'", "'\\'"])
def test_a_rune_is_one_character(literal: str) -> None:
    """None, several, and what is no escape are refused."""
    with pytest.raises(BadData):
        rune(literal)
