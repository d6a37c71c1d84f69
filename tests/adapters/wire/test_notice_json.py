"""The data of a notification in JSON."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.adapters.wire.notice_json import read_notice, sample_notice
from sightline.domain.alerts.go_json import as_json
from sightline.domain.alerts.go_time import Moment
from sightline.domain.errors import BadData

NOW = Moment(1_700_000_000_000_000_000)


def test_what_is_written_is_read() -> None:
    """Data goes through JSON and back, and names may be in any letters, as for Go."""
    text = as_json(sample_notice(NOW), 100_000)
    assert as_json(read_notice(text.encode(), NOW), 100_000) == text
    assert read_notice(b'{"RECEIVER": "a", "more": 1, "alerts": [{"StartsAt": null}]}', NOW).receiver == "a"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no JSON"),
        ("[]", "the data: must be an object"),
        ('{"alerts": {}}', "alerts: must be a list"),
        ('{"alerts": [1]}', r"alerts\[0\]: must be an object"),
        ('{"alerts": [{"labels": {"a": 1}}]}', r"alerts\[0\].labels: must be an object of texts"),
        ('{"alerts": [{"startsAt": "today"}]}', r"alerts\[0\].startsAt: 'today' is no time"),
        ('{"alerts": [{"startsAt": "2026-02-30T00:00:00Z"}]}', "there is no such day"),
        ('{"alerts": [{"endsAt": "2026-02-03T00:00:00+99:00"}]}', "a day or more"),
        ('{"alerts": [{"endsAt": "0001-01-01T00:00:00+01:00"}]}', "years 1 to 9999"),
        ('{"receiver": 1}', "receiver: must be a text"),
    ],
)
def test_what_is_no_data_is_refused(text: str, problem: str) -> None:
    """The message names the field."""
    with pytest.raises(BadData, match=problem):
        read_notice(text.encode(), NOW)


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(max_size=5)
        | st.sampled_from(["alerts", "labels", "startsAt"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["alerts", "labels", "startsAt", "status", "groupLabels"]), inner, max_size=3
            )
        ),
    )
)
def test_any_json_is_read_or_refused(found: object) -> None:
    """Nothing but the error of the contract comes out."""
    import msgspec  # noqa: PLC0415 - for this test alone

    with contextlib.suppress(BadData):
        read_notice(msgspec.json.encode(found), NOW)
