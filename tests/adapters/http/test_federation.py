"""What another Prometheus takes over: the newest sample of each series as text."""

import gzip
from collections.abc import Sequence
from dataclasses import replace

import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.adapters.http.stage import NOW, Stage
from tests.contracts.ranges import Ledger, Write
from tests.oracles.native_histogram import Native, columns

from sightline.adapters.inbound.http.federated import Federated, negotiated
from sightline.adapters.inbound.http.names import unescaped
from sightline.adapters.wire.exposition_decoder import ExpositionDecoder
from sightline.domain.labels import Labels
from sightline.domain.metrics.native_histograms import MARK
from sightline.domain.metrics.newest import Newest, newest
from sightline.domain.metrics.samples import STALE, SeriesColumns
from sightline.domain.tenancy import DEFAULT_TENANT

UP = Labels.of(__name__="up", job="x", instance="a:1")
LOAD = Labels.of(__name__="load", Zone="b")
ODD = Labels.of({"__name__": "my.metric", "a.b": 'say "c"\n', "instance": "i"})


async def store(stage: Stage, *series: tuple[Labels, Sequence[tuple[int, float]]]) -> None:
    """Have some series."""
    await stage.series_store.write(Ledger().sealed([Write(DEFAULT_TENANT, one, samples) for one, samples in series]))


async def test_each_series_has_its_newest_sample_with_its_time(client: httpx.AsyncClient, stage: Stage) -> None:
    """Metrics come in order of their names and say that they are untyped; a series without an instance has an empty one."""
    await store(stage, (UP, [(NOW - 9, 0.0), (NOW - 5, 1.5)]), (LOAD, [(NOW, np.inf)]))
    answer = await client.get("/federate", params={"match[]": ['{job="x"}', "load", "up"]})
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"
    assert answer.text == (
        f'# TYPE load untyped\nload{{Zone="b",instance=""}} +Inf {NOW}\n'
        f'# TYPE up untyped\nup{{instance="a:1",job="x"}} 1.5 {NOW - 5}\n'
    )


async def test_what_has_ended_or_is_old_is_left_out(client: httpx.AsyncClient, stage: Stage) -> None:
    """Neither a series whose last sample is a stale marker nor one from before the lookback is given, nor the future."""
    minute = 60_000
    old, gone, later = (Labels.of(__name__=name) for name in ("old", "gone", "later"))
    await store(
        stage,
        (old, [(NOW - 5 * minute - 1, 1.0)]),
        (gone, [(NOW - 2, 1.0), (NOW - 1, float(STALE))]),
        (later, [(NOW - 1, 1.0), (NOW + 1, 2.0)]),
    )
    answer = await client.get("/federate", params={"match[]": '{__name__=~".+"}'})
    assert answer.text == f'# TYPE later untyped\nlater{{instance=""}} 1 {NOW - 1}\n'


def test_native_histograms_are_left_out() -> None:
    """The text formats cannot say them, and nothing else is made of them."""
    histogram, number = Labels.of(__name__="h"), Labels.of(__name__="n")
    found = SeriesColumns.of([(histogram, [1, 2], [1.0, float(MARK)]), (number, [1], [3.0])])
    assert newest(replace(found, histograms=columns([Native(count=1.0)]))).labels == (number,)


@pytest.mark.parametrize(
    ("escaping", "metric", "label"),
    [
        ("allow-utf-8", '{"my.metric",', '"a.b"='),
        ("underscores", "my_metric{", "a_b="),
        ("dots", "my_dot_metric{", "a_dot_b="),
        ("values", "U__my_2e_metric{", "U__a_2e_b="),
    ],
)
async def test_names_are_escaped_as_asked(
    client: httpx.AsyncClient, stage: Stage, escaping: str, metric: str, label: str
) -> None:
    """Names beyond the classic ones are written in the way that the scraper names."""
    await store(stage, (ODD, [(NOW, 1.0)]))
    headers = {
        "Accept": f"application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;escaping={escaping};q=0.2"
    }
    answer = await client.get("/federate", params={"match[]": '{"my.metric"}'}, headers=headers)
    assert answer.headers["content-type"].endswith(f"escaping={escaping}")
    assert answer.text.splitlines()[1] == f'{metric}{label}"say \\"c\\"\\n",instance="i"}} 1 {NOW}'


async def test_gzip_where_it_is_accepted(client: httpx.AsyncClient, stage: Stage) -> None:
    """The text is the same, compressed."""
    await store(stage, (UP, [(NOW, 1.0)]))
    plain = await client.get("/federate?match[]=up", headers={"Accept-Encoding": "identity"})
    async with client.stream("GET", "/federate?match[]=up", headers={"Accept-Encoding": "gzip"}) as answer:
        raw = b"".join([piece async for piece in answer.aiter_raw()])
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == plain.content


@pytest.mark.parametrize("query", ["", "match[]=", "match[]=up%7B", "match[]=sum(up)", "match[]=up&match[]=-"])
async def test_without_a_selector_there_is_nothing_to_give(client: httpx.AsyncClient, query: str) -> None:
    """No selector, or one that is none, is the caller's mistake."""
    answer = await client.get(f"/federate?{query}")
    assert (answer.status_code, answer.json()["errorType"]) == (400, "bad_data")


async def test_nothing_selected_is_an_empty_page(client: httpx.AsyncClient) -> None:
    """What is not there is no error."""
    answer = await client.get("/federate?match[]=none")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", ("0.0.4", "underscores")),
        ("*/*", ("0.0.4", "underscores")),
        ("text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3", ("1.0.0", "allow-utf-8")),
        ("text/plain; version=9, text/plain;escaping=dots", ("0.0.4", "dots")),
        ("text/plain;escaping=nonsense", ("0.0.4", "underscores")),
        ("application/vnd.google.protobuf;escaping=values", ("0.0.4", "values")),
    ],
)
def test_what_a_scraper_accepts(accept: str, expected: tuple[str, str]) -> None:
    """The first text that can be given counts; an escaping that is not known does not."""
    assert negotiated(accept) == expected


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
SERIES = st.builds(
    lambda name, more: Labels.of({**more, "__name__": name, "instance": "i"}),
    TEXT.filter(bool),
    st.dictionaries(TEXT.filter(lambda name: name not in {"", "__name__"}), TEXT, max_size=3),
)


@given(st.sets(SERIES, max_size=5), st.integers(1, 3))
def test_a_scraper_reads_what_was_written(series: set[Labels], size: int) -> None:
    """Any names and values in UTF-8 come back as they were, block after block, each metric announced once."""
    rows = sorted(series, key=lambda one: (one.name, one))
    times = NOW + np.arange(len(rows), dtype=np.int64)
    values = np.linspace(-1e9, 1e-7, len(rows))
    writer = Federated("allow-utf-8")
    text = b"".join(
        writer.text(Newest(tuple(rows[at : at + size]), times[at : at + size], values[at : at + size]))
        for at in range(0, len(rows), size)
    )
    announced = [line for line in text.decode().split("\n") if line.startswith("# TYPE ")]
    assert len(announced) == len({one.name for one in rows})
    read = ExpositionDecoder(max_samples=100).decode(text, "text/plain; version=1.0.0")
    assert list(read.labels) == rows
    assert (read.times.tolist(), read.values.tolist()) == (times.tolist(), values.tolist())


@given(TEXT.filter(lambda name: all(ord(letter) <= 0xFFFFF for letter in name) and name != ""))
def test_values_escaping_is_undone(name: str) -> None:
    """A name escaped by values is found again."""
    written = Federated("values")._name(name)
    assert unescaped(written) == name or written == name
