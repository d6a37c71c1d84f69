"""What servers post, and every way to get it wrong."""

from contextlib import suppress
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.adapters.wire.server_report import ServerReportDecoder
from sightline.domain.errors import BodyTooLarge, InvalidField, MalformedBody, SightlineError
from sightline.domain.labels import Labels
from sightline.domain.servers.report import ServerReport

ID = "aaaaaaaa-1111-4111-8111-111111111111"
NOW = 1_763_700_000_123


def decode(data: bytes, most: int = 100) -> ServerReport:
    return ServerReportDecoder(most).decode(data, NOW)


def body(*metrics: str, server_id: str = f'"{ID}"') -> bytes:
    """A report with metrics as JSON texts."""
    return f'{{"server_id": {server_id}, "metrics": [{", ".join(metrics)}]}}'.encode()


def metric(**fields: Any) -> str:
    """A metric as JSON; a field of None is left out."""
    whole = {"metric_type": "cpu", "metric_name": "usage", "value": 1.5, **fields}
    return msgspec.json.encode({name: value for name, value in whole.items() if value is not None}).decode()


def test_a_report_becomes_columns() -> None:
    """Types, names, labels, values and times stand in the order in which they were sent."""
    found = decode(
        body(
            metric(labels={"core": "0"}, timestamp="2025-11-21T04:40:00.5Z"),
            metric(metric_type="ram", value=7),
            metric(labels={"core": "0", "none": ""}),
            server_id=f'"{ID.upper()}"',
        )
    )
    assert found.server_id == ID
    core = Labels.of(core="0")
    assert found.metrics == [("cpu", "usage", core), ("ram", "usage", Labels()), ("cpu", "usage", core)]
    assert found.times.tolist() == [1_763_700_000_500, NOW, NOW]
    assert found.values.tolist() == [1.5, 7.0, 1.5]
    assert (found.times.dtype.name, found.values.dtype.name) == ("int64", "float64")


def test_an_empty_report_has_no_samples() -> None:
    """A list without metrics is a report."""
    assert len(decode(body()).times) == 0


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-11-21T10:00:00+02:00", 1_795_248_000_000),
        ("2026-11-21T08:00:00.123456789Z", 1_795_248_000_123),
        ("2026-11-21t08:00:00z", 1_795_248_000_000),
        ("2100-01-01T00:00:00-11:30", 4_102_486_200_000),
        ("1969-12-31T23:59:59.999Z", -1),
    ],
)
def test_times_have_an_offset_and_up_to_nine_decimals(text: str, milliseconds: int) -> None:
    """What is below a millisecond is dropped; whether a time is within bounds is not decided here."""
    assert decode(body(metric(timestamp=text))).times.tolist() == [milliseconds]


def test_values_that_json_has_no_number_for_are_texts() -> None:
    """NaN and the infinities come in quotes; a NaN is an ordinary one and not the stale marker."""
    found = decode(body(*(metric(value=text) for text in ("NaN", "+Inf", "-Inf", "Inf"))))
    assert np.isnan(found.values[0])
    assert found.values[0:1].view(np.uint64)[0] == 0x7FF8000000000000
    assert found.values[1:].tolist() == [np.inf, -np.inf, np.inf]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the body is empty"),
        (b"nothing", "no JSON"),
        (body(metric()) + b"x", "no JSON"),
        (body(metric())[:-2], "no JSON"),
        (body('{"metric_type":"cpu","metric_name":"usage","value":NaN}'), "no JSON"),
        (body('{"metric_type":"\\ud800","metric_name":"usage","value":1}'), "no JSON"),
        (body(metric()).replace(b"cpu", b"c\xffu"), "not UTF-8: byte"),
        (body(metric(), f'{{"x": "{chr(255)}"}}').decode().encode("latin-1"), "not UTF-8: byte"),
        (body(f'{{"x": {"[" * 100_000}{"]" * 100_000}}}'), "nested too deeply"),
        (body(metric()).replace(b"1.5", b'1.5, "labels": ' + b'{"a":' * 100_000 + b"}" * 100_000), "nested too deeply"),
    ],
)
def test_what_is_no_json_is_refused(data: bytes, said: str) -> None:
    """Damage, bytes that are no UTF-8, and nesting without end each have their sentence."""
    with pytest.raises(MalformedBody, match=said):
        decode(data)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"[]", "^the body: "),
        (b"{}", "^server_id: is missing"),
        (b'{"server_id": "%s"}' % ID.encode(), "^metrics: is missing"),
        (body(server_id='"web-1"'), "^server_id: wants the UUID that registering gave"),
        (body(server_id="7"), "^server_id: wants the UUID"),
        (body().replace(b"[]", b"{}"), "^metrics: wants a list of objects, got `object`"),
        (body(metric(), "5"), r"^metrics\[1\]: "),
        (body(metric(metric_type=None)), r"^metrics\[0\]\.metric_type: is missing"),
        (body(metric(metric_type=5)), r"^metrics\[0\]\.metric_type: wants a text such as cpu, got `int`"),
        (body(metric(), metric(metric_name=None)), r"^metrics\[1\]\.metric_name: is missing"),
        (body(metric(value=None)), r"^metrics\[0\]\.value: is missing"),
        (body(metric(), metric(), metric(), metric(value=[1])), r"^metrics\[3\]\.value: wants a number.*got `array`"),
        (body(metric(value=True)), r"^metrics\[0\]\.value: wants a number.*got `bool`"),
        (body(metric(), metric(value="nan")), r"^metrics\[1\]\.value: wants a number.*got 'nan'"),
        (body(metric(value="45.2")), r"^metrics\[0\]\.value: wants a number.*got '45.2'"),
        (body(metric()).replace(b"1.5", b"1e400"), r"^metrics\[0\]\.value: wants a number.*out of range"),
        (body(metric(), metric(labels={"a": 1})), r"^metrics\[1\]\.labels: wants an object whose values are texts"),
        (body(metric(labels=["a"])), r"^metrics\[0\]\.labels: wants an object"),
        (body(metric(labels="a")), r"^metrics\[0\]\.labels: wants an object"),
        (
            body(metric(timestamp="2026-11-21T10:00:00")),
            r"^metrics\[0\]\.timestamp: wants a time in RFC 3339 with its offset",
        ),
        (body(metric(timestamp="yesterday")), r"^metrics\[0\]\.timestamp: wants a time"),
        (body(metric(timestamp="2026-02-30T10:00:00Z")), r"^metrics\[0\]\.timestamp: wants a time"),
        (body(metric(timestamp=1_763_700_000)), r"^metrics\[0\]\.timestamp: wants a time.*got `int`"),
    ],
)
def test_a_field_that_is_wrong_is_named_by_its_path(data: bytes, said: str) -> None:
    """The message begins with the path, and says what is wanted there."""
    with pytest.raises(InvalidField, match=said) as refused:
        decode(data)
    assert refused.value.message.startswith(refused.value.detail["field"] or "the body")


def test_optional_fields_may_be_null() -> None:
    """Labels and timestamp of null are as if they were missing."""
    sent = body('{"metric_type":"cpu","metric_name":"usage","value":1,"labels":null,"timestamp":null}')
    found = decode(sent)
    assert (found.metrics, found.times.tolist()) == ([("cpu", "usage", Labels())], [NOW])


def test_unknown_fields_are_passed_over() -> None:
    """An agent that says more than we read is understood."""
    assert decode(body(metric(unit="percent", host={"a": [1]}))).values.tolist() == [1.5]


def test_too_many_samples_are_refused_with_the_limit_named() -> None:
    """One more than allowed is too many."""
    assert len(decode(body(*[metric()] * 100)).times) == 100
    with pytest.raises(BodyTooLarge, match=r"101 metrics .*intake.request_samples allows 100"):
        decode(body(*[metric()] * 101))


def test_remembered_labels_are_bounded() -> None:
    """However many label sets come, and however large, they come out as they were sent."""
    decoder = ServerReportDecoder(100_000)
    for start in range(3):
        sent = [{"n": str(start * 5_000 + i), "pad": "x" * (i % 3 * 800)} for i in range(5_000)]
        found = decoder.decode(body(*(metric(labels=one) for one in sent)), NOW)
        assert [labels for _, _, labels in found.metrics] == [Labels.of(one) for one in sent]
        assert len(decoder._labels) <= 10_000


json = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
fields = st.sampled_from(["metric_type", "metric_name", "value", "labels", "timestamp", "x"])


@given(st.lists(st.dictionaries(fields, json, max_size=6), max_size=3))
def test_whatever_json_comes_is_taken_or_refused_by_name(metrics: list[Any]) -> None:
    """No JSON of any shape ends in anything but a report or an error of the tree."""
    with suppress(SightlineError):
        found = decode(msgspec.json.encode({"server_id": ID, "metrics": metrics}))
        assert len(found.metrics) == len(found.times) == len(found.values) == len(metrics)


@given(st.binary(max_size=200))
def test_whatever_bytes_come_are_refused(data: bytes) -> None:
    """Bytes that are no report never end in anything but an error of the tree."""
    with pytest.raises(SightlineError):
        decode(data)
