"""Numbers and instants are written as Prometheus writes them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles import prometheus_floats as oracle

from sightline.adapters.inbound.http.floats import (
    exponent_text,
    sample_text,
    sample_texts,
    scalar_text,
    time_text,
    time_texts,
)
from sightline.domain.metrics.samples import STALE

INTERESTING = st.one_of(
    st.floats(),
    st.integers(-(2**70), 2**70).map(float),
    st.sampled_from([1e-6, 1e10, 1e15, 1e16, 2.0**53, 1e21]).flatmap(
        lambda edge: st.sampled_from([edge, math.nextafter(edge, 0), math.nextafter(edge, math.inf), -edge])
    ),
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "-0"),
        (1.0, "1"),
        (-1.5, "-1.5"),
        (0.1, "0.1"),
        (1e-6, "0.000001"),
        (1e-7, "1e-07"),
        (1.25e-10, "1.25e-10"),
        (16e9, "16000000000"),
        (12345678901.5, "12345678901.5"),
        (1.7637e18, "1763700000000000000"),
        (2.0**63, "9223372036854776000"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (5e-324, "5e-324"),
        (math.nan, "NaN"),
        (float(STALE), "NaN"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
    ],
)
def test_known_numbers(value: float, text: str) -> None:
    """These are the texts that a Prometheus server gives for these numbers."""
    assert sample_text(value) == text
    assert sample_texts(np.array([value])).to_pylist() == [text]


@given(st.lists(INTERESTING, max_size=40))
def test_columns_are_written_like_the_oracle(values: list[float]) -> None:
    """Every number of a column has the shortest digits that read back, in Prometheus' form."""
    texts = sample_texts(np.array(values, np.float64)).to_pylist()
    assert texts == [oracle.sample(value) for value in values] == [sample_text(value) for value in values]


@given(INTERESTING)
def test_every_text_reads_back_as_its_number(value: float) -> None:
    """No form of a number loses a bit."""
    for text in (sample_text(value), scalar_text(value), exponent_text(value)):
        read = float(text.replace("Inf", "inf"))
        assert math.isnan(read) if math.isnan(value) else read == value
    assert "e" not in scalar_text(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [(91.0, "9.1e+01"), (1.0, "1e+00"), (0.0, "0e+00"), (-0.05, "-5e-02"), (100.0, "1e+02"), (math.inf, "+Inf")],
)
def test_alert_values_have_an_exponent(value: float, text: str) -> None:
    """Alerts show numbers with one digit before the point."""
    assert exponent_text(value) == text


def test_scalars_have_no_exponent() -> None:
    """A scalar is written out however long it gets."""
    assert scalar_text(1e22) == "1" + "0" * 22
    assert scalar_text(1e-7) == "0.0000001"


@given(st.lists(st.integers(-(2**53), 2**53), max_size=20))
def test_instants_are_seconds_with_three_decimals(instants: list[int]) -> None:
    """Columns and single instants are written alike, exactly, and whole seconds without decimals."""
    texts = time_texts(np.array(instants, np.int64)).to_pylist()
    assert texts == [time_text(instant) for instant in instants]
    for text, instant in zip(texts, instants, strict=True):
        seconds, _, decimals = str(text).partition(".")
        size = int(seconds.lstrip("-")) * 1000 + int(decimals or 0)
        assert (-size if seconds.startswith("-") else size) == instant
        assert len(decimals) in {0, 3}
        assert decimals != "000"
