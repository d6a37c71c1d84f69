import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.domain.alerts.template import parse_template
from sightline.domain.errors import BadData
from sightline.domain.labels import Labels

LABELS = Labels.of(instance="web-1", job="node")


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("plain", "plain"),
        ("", ""),
        ("on {{ $labels.instance }}!", "on web-1!"),
        ("{{$labels.instance}}{{$labels.job}}", "web-1node"),
        ("{{ $labels.missing }}", ""),
        ("{{ $value }} %", "93.4375 %"),
        ('{{ $value | printf "%.1f" }} %', "93.4 %"),
        ('{{$value|printf "%.0f"}}', "93"),
        ("{{ .Labels.job }} {{ .Value }}", "node 93.4375"),
        ("{{ $value | humanize }} {{ humanize .Value }}", "93.44 93.44"),
        ("{{ $value | humanizePercentage }}", "9344%"),
        ("{{ $value | humanizeDuration }}", "1m 33s"),
        ("{{ .Value|humanize1024 }}", "93.44"),
        ("one } or { is text", "one } or { is text"),
    ],
)
def test_gaps_are_filled(text: str, filled: str) -> None:
    """A template is its text with labels and value in their places."""
    assert parse_template(text).fill(LABELS, 93.4375) == filled


@pytest.mark.parametrize(
    ("value", "plain", "fixed"),
    [
        (90.0, "90", "90.0"),
        (0.1, "0.1", "0.1"),
        (math.nan, "NaN", "NaN"),
        (math.inf, "+Inf", "+Inf"),
        (-math.inf, "-Inf", "-Inf"),
    ],
)
def test_values_are_written_as_prometheus_names_them(value: float, plain: str, fixed: str) -> None:
    """Whole numbers have no decimals unless asked for, and what is no number has Prometheus' name."""
    assert parse_template("{{ $value }}").fill(LABELS, value) == plain
    assert parse_template('{{ $value | printf "%.1f" }}').fill(LABELS, value) == fixed


@pytest.mark.parametrize(
    "text",
    [
        "{{ $external }}",
        "{{ range query `up` }}",
        "{{ $value | humanizeTimestamp }}",
        "{{ humanize }}",
        "{{ humanize $labels.job }}",
        '{{ $value | printf "%s" }}',
        "{{ $labels }}",
        "{{ $labels.instance",
        "{{}}",
    ],
)
def test_other_gaps_are_refused(text: str) -> None:
    """What is none of the forms is refused, and the message shows it."""
    with pytest.raises(BadData, match="template"):
        parse_template(text)


@given(st.text(alphabet=st.characters(exclude_characters="{")), st.floats(allow_nan=False))
def test_text_without_gaps_stays_as_it_is(text: str, value: float) -> None:
    """Text that opens no gap is filled to itself, and a plain value reads back as the same number."""
    assert parse_template(text).fill(LABELS, value) == text
    assert float(parse_template("{{ $value }}").fill(LABELS, value)) == value


def test_a_template_knows_whether_it_uses_the_value() -> None:
    """A text changes with the value only if it has a gap for it."""
    assert parse_template("{{ $value }}").uses_value
    assert parse_template("{{ humanize $value }}").uses_value
    assert not parse_template("{{ $labels.instance }}").uses_value
