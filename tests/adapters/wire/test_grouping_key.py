"""Labels in the path of a push."""

import base64

import hypothesis.strategies as st
import pytest
from hypothesis import given

from sightline.adapters.wire.grouping_key import grouping_key
from sightline.domain.errors import InvalidLabel

NAMES = st.from_regex(r"[a-zA-Z][a-zA-Z0-9_]{0,5}", fullmatch=True).filter(lambda name: name != "job")


@given(st.text(min_size=1), st.dictionaries(NAMES, st.text()), st.booleans())
def test_any_value_comes_through_base64(job: str, labels: dict[str, str], padded: bool) -> None:  # noqa: FBT001
    """Values of any characters, empty ones too, are what their base64 says, with padding or without."""
    try:
        texts = [("job", job.encode()), *((name, value.encode()) for name, value in labels.items())]
    except UnicodeEncodeError:  # half a character, which UTF-8 does not have
        return
    path = ""
    for name, value in texts:
        text = base64.urlsafe_b64encode(value).decode() or "="
        path += f"/{name}@base64/{text if padded else text.rstrip('=') or '='}"
    assert grouping_key(path) == {"job": job, **labels}


@pytest.mark.parametrize(
    ("path", "labels"),
    [
        ("/job/a", {"job": "a"}),
        ("/job/a/instance/b:1", {"job": "a", "instance": "b:1"}),
        ("/job/a/x/", {"job": "a", "x": ""}),
        ("/job/a/x/1/x/2", {"job": "a", "x": "2"}),
        ("/job/a/job/b", {"job": "a"}),
        ("/job@base64/L3Zhcg/x/y", {"job": "/var", "x": "y"}),
    ],
)
def test_a_path_is_read_as_the_pushgateway_reads_it(path: str, labels: dict[str, str]) -> None:
    """Names and values by turns; the first job counts, and of other labels the last value."""
    assert grouping_key(path) == labels


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/job", "no value"),
        ("/job/", "no job"),
        ("/job@base64/=", "no job"),
        ("/x/1/job/a", "no job"),
        ("/job/a/x", "no value"),
        ("/job/a/1x/y", "'1x'"),
        ("/job/a/__x/y", "'__x'"),
        ("/job@base64/%%%", "base64"),
        ("/job@base64/_w", "base64"),
        ("/job@base64/a+b", "base64"),
        ("/job@base64/a", "base64"),
    ],
)
def test_what_is_no_path_of_labels_is_refused(path: str, said: str) -> None:
    """The message says what is wrong."""
    with pytest.raises(InvalidLabel, match=said):
        grouping_key(path)
