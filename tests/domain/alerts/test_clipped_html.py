"""HTML that is no longer than a service takes, and is whole for all that."""

from html import escape, unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from sightline.domain.alerts.clipped_html import clipped_html, without_tags


class Balance(HTMLParser):
    """Which tags are open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    @override
    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)

    @override
    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def nested(within: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Elements around and beside each other."""
    element = st.builds("<{0}>{1}</{0}>".format, st.sampled_from(["b", "i", "code"]), within)
    link = st.builds('<a href="https://s.example/{0}">{1}</a>'.format, st.integers(0, 99), within)
    return st.lists(st.one_of(element, link, within), max_size=3).map("".join)


HTML = st.recursive(st.text(max_size=8).map(escape), nested, max_leaves=10)


@given(HTML, st.integers(1, 200))
def test_what_is_cut_is_whole(html: str, most: int) -> None:
    """No longer than it may be, all tags closed, and nothing said but what was said before."""
    cut = clipped_html(html, most)
    assert len(cut) <= most
    balance = Balance()
    balance.feed(cut)
    assert not balance.open
    if cut == html:
        return
    assert len(html) > most
    said = without_tags(cut)
    assert said.endswith("…")
    assert without_tags(html).startswith(said[:-1])


@given(st.text(), st.integers(1, 50))
def test_any_text_is_cut(text: str, most: int) -> None:
    """Also what is no HTML, or looks like the beginning of some."""
    assert len(clipped_html(text, most)) <= most


@pytest.mark.parametrize(
    ("html", "most", "cut"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdef", 5, "abcd…"),
        ("ab&amp;cd", 7, "ab…"),
        ("ab&amp;cd", 8, "ab&amp;…"),
        ("<b>abcdef</b>", 12, "<b>abcd…</b>"),
        ("<b><i>abcdef</i></b>", 15, "<b><i>…</i></b>"),
        ("<b>a</b>cdef", 10, "<b>a</b>c…"),
        ("<b>abc</b>", 7, "…"),
        ("1 < 2 and 2 > 1", 8, "1 < 2 a…"),
    ],
)
def test_where_it_is_cut(html: str, most: int, cut: str) -> None:
    """As late as there is room for what must be closed."""
    assert clipped_html(html, most) == cut


def test_without_tags_is_what_people_read() -> None:
    """Entities are what they stand for."""
    html = 'a <b>bold</b> &lt;c&gt; <a href="https://s.example/?a=1&amp;b=2">link</a> 1 < 2'
    assert without_tags(html) == unescape("a bold &lt;c&gt; link 1 < 2")
