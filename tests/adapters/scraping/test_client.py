"""What is asked of a target, and what becomes of every kind of answer."""

import asyncio
import gzip
import socket
import ssl
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.adapters.scraping.exporters import TEXT, Answer, forever, never, page, raw, serving, target
from tests.oracles import client_messages as client
from tests.oracles.native_histogram import Native, natives

from sightline.adapters.outbound.scraping.client import HttpScraper
from sightline.adapters.wire.exposition_decoder import ExpositionDecoder
from sightline.adapters.wire.family_decoder import MetricFamilyDecoder
from sightline.domain.errors import BodyTooLarge, MalformedBody, SightlineError, Unavailable, UnsupportedMediaType
from sightline.domain.scrape.job import PROTOBUF, PROTOCOLS, BasicAuth, Tls

pytestmark = pytest.mark.anyio

HERE = Path(__file__).parent
CERTIFICATE, KEY = str(HERE / "cert.pem"), str(HERE / "key.pem")
GOOD = page(b"a 1\nb 2\n")


@pytest.fixture
async def scraper() -> AsyncIterator[HttpScraper]:
    """An open scraper."""
    async with HttpScraper(ExpositionDecoder(), "1.2.3") as opened:
        yield opened


async def failure(scraper: HttpScraper, answer: Answer, **job: Any) -> SightlineError:
    """What a scrape of an exporter that answers so fails with."""
    async with serving(answer) as exporter:
        with pytest.raises(SightlineError) as failed:
            await scraper.scrape(target(exporter.address, **job))
    return failed.value


async def test_a_page_is_fetched_and_decoded(scraper: HttpScraper) -> None:
    """Samples and the size of the body come back."""
    async with serving(GOOD) as exporter:
        found = await scraper.scrape(target(exporter.address))
    assert [labels.name for labels in found.scraped.labels] == ["a", "b"]
    assert found.scraped.values.tolist() == [1.0, 2.0]
    assert found.size == 8


async def test_protobuf_is_asked_for_and_read_where_a_job_wants_it() -> None:
    """First of all formats for native histograms, or as the job names them; the answer becomes samples."""
    shown = client.page(
        {"name": "h", "type": 4, "metric": [{"histogram": client.native(Native(count=2.0, positive={1: 2.0}))}]}
    )
    families = MetricFamilyDecoder()
    async with (
        HttpScraper(ExpositionDecoder(), "1", families=families) as scraper,
        serving(page(shown, client.CONTENT_TYPE)) as exporter,
    ):
        found = await scraper.scrape(target(exporter.address, scrape_native_histograms=True))
        assert natives(found.scraped.histograms) == [Native(count=2.0, positive={1: 2.0})]
        first, *others = exporter.header("Accept").split(",")
        assert first == f"{PROTOCOLS[PROTOBUF]};q=0.7"
        assert len(others) == 5
        chosen = await scraper.scrape(target(exporter.address, scrape_protocols=(PROTOBUF, "PrometheusText0.0.4")))
        assert [str(one) for one in chosen.scraped.labels] == ["h_count", "h_sum", 'h_bucket{le="+Inf"}']
        assert exporter.header("Accept") == f"{PROTOCOLS[PROTOBUF]};q=0.7,text/plain;version=0.0.4;q=0.6,*/*;q=0.1"


@pytest.mark.parametrize(
    "media_type",
    [
        "application/vnd.google.protobuf",
        "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=text",
    ],
)
async def test_protobuf_of_another_kind_is_refused(media_type: str) -> None:
    """Only families behind their lengths are read."""
    async with HttpScraper(ExpositionDecoder(), "1", families=MetricFamilyDecoder()) as scraper:
        failed = await failure(scraper, page(b"", media_type))
    assert isinstance(failed, UnsupportedMediaType)


async def test_the_request_says_what_prometheus_says(scraper: HttpScraper) -> None:
    """Formats by preference, gzip, the timeout in seconds, who asks, and the job's own headers, path and parameters."""
    async with serving(GOOD) as exporter:
        params = {"m": ("x y", "http://a/b?c=d&e=%2F+ü")}
        job = {"timeout": 2_500, "headers": {"X-Team": "a"}, "params": params, "metrics_path": "/p"}
        await scraper.scrape(target(exporter.address, **job))
    method, path, _ = exporter.heads[0].split(b"\r\n")[0].decode().split()
    assert (method, urlsplit(path).path) == ("GET", "/p")
    assert parse_qs(urlsplit(path).query) == {"m": list(params["m"])}
    accept = exporter.header("Accept").split(",")
    assert [one.partition(";q=")[0] for one in accept] == [
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8",
        "application/openmetrics-text;version=0.0.1",
        "text/plain;version=1.0.0;escaping=allow-utf-8",
        "text/plain;version=0.0.4",
        "*/*",
    ]
    qualities = [float(one.partition(";q=")[2]) for one in accept]
    assert qualities == sorted(qualities, reverse=True)
    assert exporter.header("Accept-Encoding") == "gzip"
    assert exporter.header("X-Prometheus-Scrape-Timeout-Seconds") == "2.5"
    assert exporter.header("User-Agent") == "Sightline/1.2.3"
    assert exporter.header("X-Team") == "a"
    assert exporter.header("Authorization") == ""


async def test_a_connection_is_used_again(scraper: HttpScraper) -> None:
    """Scrapes of one target share a connection, and series that stayed are the same objects."""
    async with serving(GOOD) as exporter:
        first = await scraper.scrape(target(exporter.address))
        second = await scraper.scrape(target(exporter.address), first.scraped)
    assert exporter.connections == 1
    assert second.scraped.labels is first.scraped.labels


async def test_gzip_is_inflated(scraper: HttpScraper) -> None:
    """A body of several gzip members is one body, and its size is that of the text."""
    body = gzip.compress(b"a 1\n") + gzip.compress(b"b 2\n")
    async with serving(page(body, Content_Encoding="gzip")) as exporter:
        found = await scraper.scrape(target(exporter.address))
    assert (found.scraped.values.tolist(), found.size) == ([1.0, 2.0], 8)


async def test_basic_auth_reads_its_file_each_time(scraper: HttpScraper, tmp_path: Path) -> None:
    """A changed password counts with the next scrape."""
    secret = tmp_path / "password"
    said = []
    async with serving(GOOD) as exporter:
        found = target(exporter.address, basic_auth=BasicAuth("user", password_file=str(secret)))
        for password in ("one\n", "two\n"):
            secret.write_text(password)
            await scraper.scrape(found)
            said.append(exporter.header("Authorization"))
    assert said == ["Basic dXNlcjpvbmU=", "Basic dXNlcjp0d28="]


async def test_a_bearer_token_may_come_from_a_file(scraper: HttpScraper, tmp_path: Path) -> None:
    """From settings or from a file, the token is sent; a file that is gone fails the scrape by its name."""
    (tmp_path / "token").write_text("s3cret\n")
    async with serving(GOOD) as exporter:
        await scraper.scrape(target(exporter.address, bearer_token="plain"))
        assert exporter.header("Authorization") == "Bearer plain"
        await scraper.scrape(target(exporter.address, bearer_token_file=str(tmp_path / "token")))
        assert exporter.header("Authorization") == "Bearer s3cret"
        with pytest.raises(Unavailable, match="gone cannot be read: No such file") as failed:
            await scraper.scrape(target(exporter.address, bearer_token_file=str(tmp_path / "gone")))
    assert failed.value.detail["reason"] == "credentials_unreadable"


async def test_a_redirect_is_followed_and_keeps_the_token_at_home(scraper: HttpScraper) -> None:
    """Another server is asked without our credentials."""
    async with serving(GOOD) as other:
        away = page(b"", status="302 Found", Location=f"http://{other.address}/metrics")
        async with serving(away) as exporter:
            found = await scraper.scrape(target(exporter.address, bearer_token="s3cret"))
    assert found.scraped.values.tolist() == [1.0, 2.0]
    assert other.header("Authorization") == ""


@pytest.mark.parametrize(
    ("answer", "reason", "said"),
    [
        (page(b"no", status="503 Service Unavailable"), "http_status", "HTTP status 503 Service Unavailable"),
        (page(b"no", status="404 Not Found"), "http_status", "404 Not Found"),
        (page(b"", status="302 Found", Location="/metrics"), "redirects", "more than 10 redirects"),
        (page(b"", status="302 Found", Location="ftp://a/b"), "redirects", "ftp://a/b"),
        (raw(b"SSH-2.0-OpenSSH_9.2\r\n", close=True), "http_protocol", "not HTTP"),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\na 1\n", close=True), "connection_broken", "whole answer"),
        (raw(close=True), "connection_broken", "whole answer"),
        (raw(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n"), "http_protocol", "not HTTP"),
    ],
)
async def test_an_answer_that_is_no_page_says_why(scraper: HttpScraper, answer: Answer, reason: str, said: str) -> None:
    """The reason is for programs, the message for people."""
    failed = await failure(scraper, answer)
    assert isinstance(failed, Unavailable)
    assert failed.detail["reason"] == reason
    assert said in failed.message
    assert "\n" not in failed.message


@pytest.mark.parametrize("answer", [never, raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n")])
async def test_a_target_that_hangs_is_given_up_in_time(scraper: HttpScraper, answer: Answer) -> None:
    """Before or within the answer, the timeout is over the whole scrape and named."""
    failed = await failure(scraper, answer, timeout=100)
    assert failed.detail["reason"] == "timeout"
    assert "timeout of 100ms" in failed.message


async def test_a_body_without_end_meets_a_bound(scraper: HttpScraper) -> None:
    """The size limit ends it, or where there is none the timeout."""
    failed = await failure(scraper, forever, body_size_limit=100_000)
    assert isinstance(failed, BodyTooLarge)
    assert "body_size_limit = 100000" in failed.message
    assert (await failure(scraper, forever, body_size_limit=0, timeout=100)).detail["reason"] == "timeout"


async def test_a_small_body_that_inflates_to_a_large_one_meets_the_same_bound(scraper: HttpScraper) -> None:
    """The limit is of the text, and no more than it is inflated."""
    bomb = gzip.compress(b"a 1\n" * 10_000_000)
    failed = await failure(scraper, page(bomb, Content_Encoding="gzip"), body_size_limit=1 << 20)
    assert isinstance(failed, BodyTooLarge)


async def test_a_body_of_exactly_the_limit_is_taken(scraper: HttpScraper) -> None:
    """The bound is what a body may have, plain or inflated."""
    for answer in (GOOD, page(gzip.compress(b"a 1\nb 2\n"), Content_Encoding="gzip")):
        async with serving(answer) as exporter:
            assert (await scraper.scrape(target(exporter.address, body_size_limit=8))).size == 8


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (page(b"<html>", "text/html"), UnsupportedMediaType, "text/html"),
        (page(b"<html>\n"), MalformedBody, "line 1"),
        (page(b"a 1\nb"), MalformedBody, "line 2"),
        (page(b"a 1\n", "application/openmetrics-text; version=1.0.0"), MalformedBody, "EOF"),
        (page(b"\x1f\x8bnonsense", Content_Encoding="gzip"), MalformedBody, "damaged"),
        (page(gzip.compress(b"a 1\n")[:-6], Content_Encoding="gzip"), MalformedBody, "too early"),
        (page(b"a 1\n", Content_Encoding="br"), UnsupportedMediaType, "br"),
    ],
)
async def test_a_body_that_is_not_what_it_says_is_refused(
    scraper: HttpScraper, answer: Answer, kind: type[SightlineError], said: str
) -> None:
    """Another type, half a line, a missing end, damaged gzip: each by its name."""
    failed = await failure(scraper, answer)
    assert isinstance(failed, kind)
    assert said in failed.message


async def test_nobody_there_is_said_so(scraper: HttpScraper) -> None:
    """A closed port refuses, by address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(Unavailable, match=f"{address} refuses the connection") as failed:
            await scraper.scrape(target(address))
    assert failed.value.detail["reason"] == "connection_refused"


async def test_a_name_that_is_not_found_is_said_so() -> None:
    """The message names the host, and no thread of anybody else was needed."""

    def unknown(host: str, *_: Any) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async with HttpScraper(ExpositionDecoder(), "1", lookup=unknown) as scraper:
        with pytest.raises(Unavailable, match=r"host 'nowhere\.test' is not found: Name or service") as failed:
            await scraper.scrape(target("nowhere.test:9100"))
    assert failed.value.detail["reason"] == "dns"


async def test_a_name_server_that_hangs_holds_up_its_own_targets_alone() -> None:
    """A hundred lookups that never end cost a timeout each, and a target beside them is scraped meanwhile."""
    release = threading.Event()

    def hanging(*_: Any) -> list[Any]:
        release.wait(30)
        return []

    try:
        async with HttpScraper(ExpositionDecoder(), "1", lookup=hanging) as scraper, serving(GOOD) as exporter:
            stuck = [
                asyncio.ensure_future(scraper.scrape(target(f"h{number}.test:1", timeout=200))) for number in range(100)
            ]
            found = await scraper.scrape(target(exporter.address))
            assert found.size == 8
            ended = await asyncio.gather(*stuck, return_exceptions=True)
        assert {error.detail["reason"] for error in ended if isinstance(error, Unavailable)} == {"timeout"}
    finally:
        release.set()


def tls(**fields: Any) -> dict[str, Any]:
    """A job over TLS."""
    return {"scheme": "https", "tls": Tls(**fields)}


@pytest.fixture
def encrypted() -> ssl.SSLContext:
    """A server's side, with a certificate that nobody trusts, for exporter.test and 127.0.0.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, KEY)
    return context


@pytest.mark.parametrize(
    "job",
    [
        tls(ca_file=CERTIFICATE),
        tls(insecure_skip_verify=True),
        tls(ca_file=CERTIFICATE, server_name="exporter.test"),
        tls(ca_file=CERTIFICATE, cert_file=CERTIFICATE, key_file=KEY),
    ],
)
async def test_tls_is_judged_as_the_job_says(
    scraper: HttpScraper, encrypted: ssl.SSLContext, job: dict[str, Any]
) -> None:
    """A trusted authority, another name, a certificate of our own, or no judgement at all."""
    async with serving(GOOD, encrypted) as exporter:
        assert (await scraper.scrape(target(exporter.address, **job))).size == 8


@pytest.mark.parametrize(
    ("job", "reason", "said"),
    [
        (tls(), "tls", "not trusted: self-signed certificate"),
        (tls(ca_file=CERTIFICATE, server_name="other.test"), "tls", "not trusted: Hostname mismatch"),
        (tls(ca_file="/nowhere/ca.pem"), "credentials_unreadable", "/nowhere/ca.pem cannot be used: No such file"),
        (tls(ca_file=KEY), "credentials_unreadable", "key.pem cannot be used"),
    ],
)
async def test_tls_that_fails_says_why(
    scraper: HttpScraper, encrypted: ssl.SSLContext, job: dict[str, Any], reason: str, said: str
) -> None:
    """An untrusted certificate, a wrong name and unusable files are told apart."""
    async with serving(GOOD, encrypted) as exporter:
        with pytest.raises(Unavailable) as failed:
            await scraper.scrape(target(exporter.address, **job))
    assert failed.value.detail["reason"] == reason
    assert said in failed.value.message


async def test_tls_asked_of_one_who_speaks_http_says_so(scraper: HttpScraper) -> None:
    """The message asks about the scheme."""
    async with serving(raw(b"HTTP/1.1 400 Bad Request\r\n\r\n", close=True)) as exporter:
        with pytest.raises(Unavailable, match="is its scheme http") as failed:
            await scraper.scrape(target(exporter.address, **tls(insecure_skip_verify=True)))
    assert failed.value.detail["reason"] == "tls"


async def test_secrets_are_never_told(scraper: HttpScraper) -> None:
    """Neither a token nor a password stands in a message or in what is shown of a target."""
    job = {"bearer_token": "s3cret", "headers": {"X-Key": "s3cret"}}
    failed = await failure(scraper, page(b"", status="401 Unauthorized"), **job)
    assert "s3cret" not in failed.message + repr(failed.detail) + repr(target("a:1", **job))


async def test_a_cancelled_scrape_leaves_no_connection(scraper: HttpScraper) -> None:
    """The server sees the connection end."""
    gone = asyncio.Event()

    async def noticing(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        arrived.set()
        await reader.read()
        gone.set()

    arrived = asyncio.Event()
    async with serving(noticing) as exporter:
        task = asyncio.ensure_future(scraper.scrape(target(exporter.address)))
        await arrived.wait()
        task.cancel()
        await asyncio.wait({task})
        await gone.wait()


async def test_a_large_body_is_decoded_beside_the_loop(scraper: HttpScraper) -> None:
    """Above a quarter of a megabyte the loop stays free, and the answer is the same."""
    body = b"".join(b'a{number="%d"} %d\n' % (number, number) for number in range(20_000))
    async with serving(page(body, TEXT)) as exporter:
        found = await scraper.scrape(target(exporter.address))
    assert found.scraped.values.tolist() == list(range(20_000))
