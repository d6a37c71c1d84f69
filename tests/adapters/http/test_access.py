"""Who comes in."""

import base64
import socket
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from tests.adapters.http.stage import Stage

from sightline.adapters.inbound.http.access import check_listener, is_loopback, read_token
from sightline.domain.errors import SettingsInvalid
from sightline.domain.tenancy import Principal, Role, Tenant

Caller = Callable[..., httpx.AsyncClient]
TOKEN = b"0123456789abcdef0123456789abcdef"
QUERY = "/api/v1/query?query=up"


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104 - the very thing that is refused
        ("::", False),
        ("", False),
        ("192.168.1.5", False),
        ("localhost.example.org", False),
        ("web-1", False),
    ],
)
def test_an_open_listener_needs_a_token_or_a_word(host: str, loopback: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """Where others can reach us, a token or --insecure is needed; the refusal names both."""
    assert is_loopback(host) is loopback
    check_listener(host, tmp_path / "token", insecure=False)
    check_listener(host, None, insecure=True)
    if loopback:
        check_listener(host, None, insecure=False)
    else:
        with pytest.raises(SettingsInvalid, match=r"--token-file FILE.*--insecure"):
            check_listener(host, None, insecure=False)


def test_a_token_file_holds_one_usable_token(tmp_path: Path) -> None:
    """White space around the token is not part of it; short ones, strange ones and missing files are refused."""
    path = tmp_path / "token"
    path.write_bytes(b"  " + TOKEN + b"\n")
    assert read_token(path) == TOKEN
    for bad in (b"", b"short", TOKEN + b"\n" + TOKEN, TOKEN + "é".encode()):
        path.write_bytes(bad)
        with pytest.raises(SettingsInvalid, match="openssl rand"):
            read_token(path)
    with pytest.raises(SettingsInvalid, match="cannot be read"):
        read_token(tmp_path / "none")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("localhost:1234", 200),
        ("LOCALHOST", 200),
        ("127.0.0.1:8080", 200),
        ("127.3.2.1", 200),
        ("[::1]:8080", 200),
        ("metrics.example.org", 200),
        ("a.b.example.net:80", 200),
        ("example.net", 403),
        ("evil.example", 403),
        ("localhost.evil.example", 403),
        ("10.0.0.1:8080", 403),
        ("", 403),
    ],
)
async def test_a_local_door_answers_to_its_names_alone(caller: Caller, host: str, status: int) -> None:
    """A page that rebinds its own name to this machine gets nothing, not even health."""
    async with caller(allowed_hosts=("metrics.example.org", "*.example.net")) as client:
        for path in (QUERY, "/health", "/ui/"):
            answer = await client.get(path, headers={"Host": host})
            assert answer.status_code == status
            if status == 403:
                assert answer.json()["code"] == "forbidden"
                assert "http.allowed_hosts" in answer.json()["error"]


async def test_an_open_door_answers_to_addresses_and_its_machine(caller: Caller) -> None:
    """On an open listener bare addresses and the machine's name are ours; other names are not."""
    async with caller(host="0.0.0.0") as client:  # noqa: S104 - an open listener is what this is about
        for host in ("10.1.2.3:8080", "[fd00::1]:8080", socket.gethostname(), "localhost"):
            assert (await client.get(QUERY, headers={"Host": host})).status_code == 200
        assert (await client.get(QUERY, headers={"Host": "evil.example"})).status_code == 403
    async with caller(host="0.0.0.0", allowed_hosts=("*",)) as client:  # noqa: S104 - likewise
        assert (await client.get(QUERY, headers={"Host": "evil.example"})).status_code == 200


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:8080", 200),
        ("https://localhost:8080", 200),
        ("https://grafana.example.org", 200),
        ("http://localhost:3000", 403),
        ("http://localhost", 403),
        ("http://evil.example", 403),
        ("http://localhost:8080.evil.example", 403),
        ("null", 403),
        ("http://localhost:http", 403),
    ],
)
async def test_foreign_pages_cannot_post(caller: Caller, stage: Stage, origin: str, status: int) -> None:
    """A page of another origin may read with GET, as any program may, but not post; configured origins may."""
    form = {"content-type": "application/x-www-form-urlencoded", "Origin": origin}
    async with caller(allowed_origins=("https://grafana.example.org/",)) as client:
        assert (await client.post("/api/v1/query", content=b"query=up", headers=form)).status_code == status
        assert (await client.get(QUERY, headers={"Origin": origin})).status_code == 200
        write = await client.post("/api/v1/write", headers={"Origin": origin})
        assert write.status_code == (403 if status == 403 else 415)


async def test_allowed_pages_may_read(caller: Caller, stage: Stage) -> None:
    """A configured origin gets its preflight and answers that it may read, errors too; another gets neither."""
    asking = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    async with caller(allowed_origins=("https://grafana.example.org",), token=TOKEN) as client:
        friend, stranger = {"Origin": "https://grafana.example.org"}, {"Origin": "https://evil.example"}
        preflight = await client.options("/api/v1/query", headers={**friend, **asking})
        assert (preflight.status_code, preflight.content) == (204, b"")
        assert "Authorization" in preflight.headers["access-control-allow-headers"]
        for headers in (friend, {**friend, "Authorization": f"Bearer {TOKEN.decode()}"}):
            answer = await client.get(QUERY, headers=headers)
            assert answer.headers["access-control-allow-origin"] == "https://grafana.example.org"
            assert "Origin" in answer.headers["vary"]
        assert (await client.options("/api/v1/query", headers={**stranger, **asking})).status_code == 401
        assert "access-control-allow-origin" not in (await client.get("/health", headers=stranger)).headers


async def test_same_origin_knows_default_ports(caller: Caller, stage: Stage) -> None:
    """Behind a proxy that ends TLS, the origin of a page without a port is the Host without one."""
    async with caller(allowed_hosts=("status.example.org",)) as client:
        for host, origin, status in (
            ("status.example.org", "https://status.example.org", 200),
            ("status.example.org", "https://status.example.org:443", 200),
            ("status.example.org:443", "https://status.example.org", 200),
            ("status.example.org", "https://status.example.org:8443", 403),
        ):
            answer = await client.post("/api/v1/query?query=up", headers={"Host": host, "Origin": origin})
            assert answer.status_code == status


async def test_without_a_token_everybody_local_is_the_admin(client: httpx.AsyncClient, stage: Stage) -> None:
    """The local principal asks for the default tenant, or for the one that the header names."""
    await client.get(QUERY)
    await client.get(QUERY, headers={"X-Scope-OrgID": "team-a"})
    assert [call[1] for call in stage.calls] == [
        Principal("local", Tenant("default"), Role.ADMIN),
        Principal("local", Tenant("team-a"), Role.ADMIN),
    ]


@pytest.mark.parametrize("name", ["a/b", "a|b", "", "..", "x" * 151])
async def test_a_bad_tenant_is_refused(client: httpx.AsyncClient, stage: Stage, name: str) -> None:
    """A tenant's name with other characters is a 400, and nothing is asked."""
    answer = await client.get(QUERY, headers={"X-Scope-OrgID": name})
    assert (answer.status_code, answer.json()["code"]) == (400, "tenant_invalid")
    assert not stage.calls


@pytest.mark.parametrize(
    "shown",
    [
        None,
        "Bearer wrong",
        "Bearer",
        "Bearer ",
        f"Basic {base64.b64encode(b'user:' + TOKEN + b'x').decode()}",
        f"Basic {base64.b64encode(TOKEN).decode()}",
        "Basic %",
        f"Token {TOKEN.decode()}x",
        "Token",
        TOKEN.decode(),
        f"Bearer {TOKEN.decode()}x",
        "Bearer \xe9",
    ],
)
async def test_a_token_is_asked_for(caller: Caller, stage: Stage, shown: str | None) -> None:
    """Without the token the API, the metrics and intake are a 401 that says how to show one."""
    headers = {} if shown is None else {b"Authorization": shown.encode("latin-1")}
    async with caller(token=TOKEN) as client:
        for method, path in (("GET", QUERY), ("GET", "/metrics"), ("POST", "/api/v1/write"), ("GET", "/api/v1/none")):
            answer = await client.request(method, path, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
            assert answer.headers["www-authenticate"].startswith("Bearer")
    assert not stage.calls


async def test_the_token_opens(caller: Caller, stage: Stage) -> None:
    """With the token everything answers, whatever the scheme; as a password it may have any name before it."""
    async with caller(token=TOKEN) as client:
        for scheme in ("Bearer", "bearer"):
            answer = await client.get(QUERY, headers={"Authorization": f"{scheme} {TOKEN.decode()}"})
            assert answer.status_code == 200
        password = base64.b64encode(b"anybody:" + TOKEN).decode()
        for shown in (f"Token {TOKEN.decode()}", f"Token anybody:{TOKEN.decode()}", f"Basic {password}"):
            assert (await client.get(QUERY, headers={"Authorization": shown})).status_code == 200
    assert stage.calls[0][1].who == "token"


@pytest.mark.parametrize(
    "path", ["/health", "/-/healthy", "/-/ready", "/ui/", "/ui/assets/index-Ab12.js", "/", "/favicon.ico"]
)
async def test_probes_and_the_page_need_no_token(caller: Caller, path: str) -> None:
    """Probes carry no token, and the page must load before it can ask for one."""
    async with caller(token=TOKEN) as client:
        assert (await client.get(path)).status_code in {200, 307}
