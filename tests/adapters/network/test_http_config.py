"""Alertmanager's `http_config` on the way: credentials, certificates and proxies."""

import base64
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.adapters.webhook_receiver import Receiver, receiving

from sightline.adapters.network.http_config import HttpConfig
from sightline.adapters.outbound.notifiers.over_http import HttpSender, Outgoing
from sightline.domain.alerts.receiver import Options, Secret
from sightline.domain.errors import NoticeRefused, SettingsInvalid, Unavailable

pytestmark = pytest.mark.anyio

SCRAPING = Path(__file__).parents[1] / "scraping"
CERTIFICATE, KEY = SCRAPING / "cert.pem", SCRAPING / "key.pem"


@pytest.fixture
def encrypted() -> Iterator[Receiver]:
    """One with TLS, whose certificate is for exporter.test and 127.0.0.1; it asks for a client's certificate, which may lack."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, KEY)
    context.load_verify_locations(CERTIFICATE)
    context.verify_mode = ssl.CERT_OPTIONAL
    receiver = Receiver()
    receiver.open(context)
    yield receiver
    receiver.close()


async def send(url: str, **http_config: object) -> None:
    """Send something with this `http_config`."""
    options: Options = {"http_config": http_config}  # type: ignore[dict-item] # what tests write is as readers make it
    await HttpSender(options, name="hook", http=Outgoing()).send(url, {"a": 1})


def basic(text: str) -> str:
    """What a user and a password are sent as."""
    return f"Basic {base64.b64encode(text.encode()).decode()}"


async def test_who_we_say_we_are(receiver: Receiver, tmp_path: Path) -> None:
    """User and password, a token of any kind, from settings, files and the address, of which the first counts."""
    (tmp_path / "secret").write_text("from file\n")
    file = str(tmp_path / "secret")
    within = receiver.url.replace("http://", "http://me:p%40ss@")
    for url, http_config, expected in (
        (receiver.url, {"basic_auth": {"username": "me", "password": Secret("ü:")}}, basic("me:ü:")),
        (receiver.url, {"basic_auth": {"username_file": file, "password_file": file}}, basic("from file:from file")),
        (receiver.url, {"authorization": {"type": "GenieKey", "credentials": Secret("k")}}, "GenieKey k"),
        (receiver.url, {"authorization": {"credentials_file": file}}, "Bearer from file"),
        (receiver.url, {"bearer_token": Secret("t")}, "Bearer t"),
        (receiver.url, {"bearer_token_file": file}, "Bearer from file"),
        (within, {}, basic("me:p@ss")),
        (within, {"bearer_token": Secret("t")}, "Bearer t"),
    ):
        await send(url, **http_config)
        assert receiver.requests[-1]["authorization"] == expected


async def test_further_headers(receiver: Receiver, tmp_path: Path) -> None:
    """Headers come from values, secrets and files, and go before those of our own."""
    (tmp_path / "file").write_text("three")
    headers = {
        "X-A": {"values": ("one",), "secrets": (), "files": (str(tmp_path / "file"),)},
        "User-Agent": {"values": ("me",)},
    }
    await send(receiver.url, http_headers=headers)
    assert receiver.requests[0]["user-agent"] == "me"
    assert receiver.requests[0]["x-a"] == "three"  # the last of two lines


async def test_certificates_are_judged(encrypted: Receiver) -> None:
    """A certificate that nobody vouches for is refused, and taken with its authority, from a file or written, or with none."""
    with pytest.raises(Unavailable, match="certificate verify failed"):
        await send(encrypted.url)
    name = encrypted.url.replace("127.0.0.1", "localhost")
    with pytest.raises(Unavailable, match="localhost"):
        await send(name, tls_config={"ca_file": str(CERTIFICATE)})
    for url, tls in (
        (encrypted.url, {"ca_file": str(CERTIFICATE)}),
        (encrypted.url, {"ca": CERTIFICATE.read_text(), "min_version": "TLS12"}),
        (encrypted.url, {"insecure_skip_verify": True}),
        (name, {"ca_file": str(CERTIFICATE), "server_name": "exporter.test"}),
        (encrypted.url, {"insecure_skip_verify": True, "cert_file": str(CERTIFICATE), "key_file": str(KEY)}),
        (
            encrypted.url,
            {"insecure_skip_verify": True, "cert": CERTIFICATE.read_text(), "key": Secret(KEY.read_text())},
        ),
    ):
        await send(url, tls_config=tls)
    assert len(encrypted.requests) == 6


async def test_certificates_that_are_none(encrypted: Receiver, tmp_path: Path) -> None:
    """Files that are not there or hold something else are named, what they hold is not shown."""
    (tmp_path / "cert").write_text("hush")
    for tls in ({"ca_file": "/nowhere"}, {"cert_file": str(tmp_path / "cert"), "key_file": "/nowhere"}, {"ca": "hush"}):
        with pytest.raises(Unavailable, match=r"hook\.http_config\.tls_config .*cannot be used") as caught:
            await send(encrypted.url, tls_config=tls)
        assert "hush" not in caught.value.message


async def test_a_proxy_is_asked(receiver: Receiver) -> None:
    """The proxy gets the whole address, unless the host is one that is reached without it."""
    with receiving() as proxy:
        given = {"proxy_url": Secret(proxy.url.replace("http://", "http://me:hush@").removesuffix("/alerts"))}
        await send("http://hook.example/a?b=c", **given)
        assert proxy.paths == ["POST http://hook.example/a?b=c"]
        assert proxy.requests[0]["proxy-authorization"] == basic("me:hush")
        for no_proxy in ("*", "127.0.0.1", "x.example, 127.0.0.0/8"):
            await send(receiver.url, **given, no_proxy=no_proxy)
        assert len(proxy.paths) == 1
        proxy.close()
        with pytest.raises(Unavailable) as caught:
            await send("http://hook.example/a", **given)
        assert "hush" not in caught.value.message
    assert len(receiver.paths) == 3


@pytest.mark.parametrize(
    ("no_proxy", "is_passed_by"),
    [
        ("", False),
        ("hook.example", True),
        ("example", True),
        (".hook.example", True),
        ("*.example", True),
        ("ook.example", False),
        ("hook.example:8080", True),
        ("hook.example:81", False),
        ("10.0.0.0/8", False),
    ],
)
def test_what_is_reached_without_a_proxy(no_proxy: str, is_passed_by: bool) -> None:  # noqa: FBT001
    """A name, a domain or a place."""
    config = HttpConfig({"proxy_url": Secret("http://p:3128"), "no_proxy": no_proxy}, "x")
    assert (config.way("http://hook.example:8080/").proxy is None) is is_passed_by


def test_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """It counts where that is wanted, and never for this machine."""
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", "p:3128")
    monkeypatch.setenv("no_proxy", "b.example")
    wanted, unwanted = HttpConfig({"proxy_from_environment": True}, "x"), HttpConfig({}, "x")
    assert wanted.way("https://a.example/").proxy == "http://p:3128"
    assert wanted.way("https://b.example/").proxy is None
    assert wanted.way("http://a.example/").proxy is None
    assert wanted.way("https://127.0.0.1/").proxy is None
    assert unwanted.way("https://a.example/").proxy is None
    monkeypatch.setenv("https_proxy", "socks5://p:1")
    with pytest.raises(NoticeRefused, match="proxy of the environment"):
        wanted.way("https://a.example/")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"proxy_url": Secret("socks5://hush")}, "x.proxy_url: only proxies"),
        ({"http_headers": {"A B": {"values": ("x",)}}}, "'A B' is not the name of a header"),
        ({"http_headers": {"Host": {"values": ("x",)}}}, "Host is set by Sightline"),
        ({"http_headers": {"X": {"secrets": (Secret("hush\nX: y"),)}}}, "more than one line"),
        ({"proxy_connect_header": {"X": (Secret("hush\nX: y"),)}}, "more than one line"),
    ],
)
def test_what_cannot_be_used_is_refused_at_once(options: Options, said: str) -> None:
    """Settings that could never work are told before the first notice, without what is secret."""
    with pytest.raises(SettingsInvalid, match=said) as caught:
        HttpConfig(options, "x")
    assert "hush" not in caught.value.message
