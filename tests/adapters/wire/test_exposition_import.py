"""Bodies of which every line counts for itself: what can be read, and what is said of the rest."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from sightline.adapters.wire.exposition_decoder import OPENMETRICS, TEXT, ExpositionDecoder
from sightline.adapters.wire.exposition_import import MAX_BAD_LINES, ExpositionImport, Imported
from sightline.domain.errors import BodyTooLarge, MalformedBody
from sightline.domain.labels import Labels
from sightline.domain.scrape.scraped import Scraped

Sample = tuple[Labels, int, float]

LINES = st.sampled_from([
    b"a 1",
    b'a{x="1"} 2 1763700000000',
    b"a 1 1763700000",
    b"# HELP a What.",
    b"# TYPE a counter",
    b"# TYPE a nothing",
    b"# EOF",
    b"#",
    b"",
    b"  ",
    b"\r",
    b"b 3\r",
    b"b",
    b"b{ 3",
    b"b NaN",
    b"b 1e",
    b'b{x="\xff"} 1',
    b"\xff 1",
    b"b 1 99999999999999999999",
    b'b 1 # {x="1"} 2',
])  # fmt: skip


def read(body: bytes, media_type: str = TEXT) -> Imported:
    """By a decoder that has seen nothing."""
    return ExpositionImport(ExpositionDecoder()).decode(body, media_type)


def content(scraped: Scraped) -> list[Sample]:
    """Labels, time and value of each sample."""
    rows = zip(scraped.series.tolist(), scraped.times.tolist(), scraped.values.tolist(), strict=True)
    return [(scraped.labels[series], time, -1.0 if np.isnan(value) else value) for series, time, value in rows]


@given(st.lists(LINES, max_size=40), st.sampled_from([TEXT, OPENMETRICS]))
def test_what_can_be_read_alone_is_read(lines: list[bytes], media_type: str) -> None:
    """The samples are those of the lines that are a body by themselves, in order; each other line is named by its number."""
    decoder = ExpositionDecoder()
    ending = b"\n# EOF" if media_type is OPENMETRICS else b"\n"
    samples: list[Sample] = []
    bad: dict[int, str] = {}
    for number, line in enumerate(lines, 1):
        try:
            samples += content(decoder.decode(line + ending, media_type))
        except MalformedBody as error:
            bad[number] = error.message.replace("line 1:", f"line {number}:")
    found = ExpositionImport(decoder).decode(b"\n".join(lines) + (ending if lines else ending[1:]), media_type)
    assert content(found.scraped) == samples
    assert {each.error.detail["line"]: each.error.message for each in found.left_out} == bad


def test_a_body_without_its_end_is_not_taken() -> None:
    """Nobody knows what is missing of an OpenMetrics body that does not end as it should."""
    for body in (b"a 1\nb{ 2\n", b"a 1\n# EOF\nb{ 2\n"):
        with pytest.raises(MalformedBody, match="# EOF"):
            read(body, OPENMETRICS)


def test_every_sample_counts() -> None:
    """Samples of one series and time are all there, in order, for intake has the last of them count."""
    assert [value for _, _, value in content(read(b"a 1 5\na 2 5\na 3 6\n").scraped)] == [1, 2, 3]
    assert [value for _, _, value in content(read(b"a 1 5\nb{\na 2 5\n").scraped)] == [1, 2]


def test_lines_that_bring_no_sample_refuse_none() -> None:
    """A comment that cannot be read is named, and no sample is counted for it."""
    [left_out] = read(b"a 1\n# TYPE a nothing\n").left_out
    assert (left_out.samples, left_out.error.detail["line"]) == (0, 2)


def test_what_is_something_else_is_given_up() -> None:
    """After ten thousand lines that cannot be read the rest counts as left out, unread."""
    found = read(b"a 1\n" + b"no line at all\n" * (MAX_BAD_LINES + 7) + b"b 1\n")
    assert len(found.scraped.series) == 1
    assert found.left_out[-1].error.message.startswith(f"line {MAX_BAD_LINES + 2}: the rest is not read")
    assert sum(each.samples for each in found.left_out) == MAX_BAD_LINES + 7 + 2


def test_the_bound_of_samples_holds() -> None:
    """More samples than allowed refuse a body, whether or not some of its lines cannot be read."""
    reader = ExpositionImport(ExpositionDecoder(max_samples=3))
    for body in (b"a 1\n" * 4, b"b{\n" + b"a 1\n" * 4):
        with pytest.raises(BodyTooLarge, match=r"intake\.request_samples"):
            reader.decode(body, TEXT)
