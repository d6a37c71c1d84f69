"""Tokens, passwords, and how often something may be tried."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.domain.probes.attempts import Attempts
from sightline.domain.probes.page_password import hashed, is_hashed, matches
from sightline.domain.probes.sealed import opened, seal

KEY = b"k" * 32


@given(st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"]))), st.none() | st.integers(1, 10))
def test_a_token_says_what_was_sealed(said: list[str], until: int | None) -> None:
    """Until it ends, for its purpose and by its key alone."""
    token = seal(KEY, "a", said, until)
    assert opened(KEY, "a", token, 0) == said
    assert opened(KEY, "b", token, 0) is None
    assert opened(b"other", "a", token, 0) is None
    assert opened(KEY, "a", token, 10) == (said if until is None else None)


@given(st.text(max_size=60), st.integers(0, 40), st.characters())
def test_nothing_else_opens(text: str, place: int, changed: str) -> None:
    """Garbage is no token, and neither is a token of which a character was changed."""
    assert opened(KEY, "a", text, 0) is None
    token = seal(KEY, "a", ["x"])
    place %= len(token)
    other = token[:place] + changed + token[place + 1 :]
    assert other == token or opened(KEY, "a", other, 0) is None or place in (len(token) - 1, token.index(".") - 1)


def test_a_password_matches_what_was_kept_of_it() -> None:
    """Not of another, and nothing matches what is no such text; the salt makes two of one password differ."""
    kept = hashed("open sesame", b"s" * 16)
    assert is_hashed(kept)
    assert "sesame" not in kept
    assert matches("open sesame", kept)
    assert not matches("Open sesame", kept)
    assert hashed("open sesame", b"t" * 16) != kept
    for broken in ("", "open sesame", "scrypt$x$y", "scrypt$!!$"):
        assert not matches("open sesame", broken)
    assert not is_hashed("scrypt$x")


def test_attempts_come_back_with_time() -> None:
    """So many at once, then one as often as said; others are not held up."""
    attempts = Attempts(2, 10.0)
    assert [attempts.take("a", 0.0) for _ in range(3)] == [0.0, 0.0, 10.0]
    assert attempts.take("b", 0.0) == 0.0
    assert attempts.take("a", 4.0) == pytest.approx(6.0)
    assert attempts.take("a", 10.0) == 0.0
    assert attempts.take("a", 10.0) == pytest.approx(10.0)


def test_what_is_remembered_is_bounded() -> None:
    """Whoever has all attempts again is forgotten first, then whoever was seen longest ago."""
    attempts = Attempts(1, 10.0, most_keys=2)
    for key, now in (("a", 0.0), ("b", 5.0), ("c", 11.0)):
        assert attempts.take(key, now) == 0.0
    assert attempts.take("b", 11.0) > 0
    assert attempts.take("d", 11.0) == 0.0
    assert len(attempts._full_at) == 2
