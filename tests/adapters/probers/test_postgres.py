"""PostgreSQL: a real server for what it does, fakes for what it does only in trouble."""

import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.adapters.probers import real_servers
from tests.adapters.probers.certificates import Authority
from tests.adapters.probers.peers import attempt, dialler, script, serving

from sightline.adapters.network.talks.postgres import message
from sightline.adapters.outbound.probers.postgres import PostgresProber
from sightline.adapters.outbound.probers.tls import TlsProber
from sightline.domain.probes.options import Postgres, Tls, TlsTrust
from sightline.domain.probes.outcome import Outcome, Phase, Reason

pytestmark = pytest.mark.anyio

PASSWORD = real_servers.PASSWORD


@pytest.fixture(scope="module")
def port(require_binary: Callable[[str, str], str]) -> Iterator[int]:
    """A real server."""
    require_binary(f"{real_servers.BINARIES}/postgres", "postgresql-15")
    with real_servers.postgres() as found:
        yield found


async def probed(port: int, options: Postgres, url: str = "127.0.0.1:{}") -> Outcome:
    """What is seen of a server."""
    return await PostgresProber(dialler()).probe(attempt(url.format(port), options))


async def test_a_server_that_takes_connections_is_well(port: int) -> None:
    """Without a user it is asked as pg_isready does."""
    outcome = await probed(port, Postgres())
    assert outcome.reason is Reason.OK, outcome.message
    assert Phase.PROCESSING in dict(outcome.phases)


@pytest.mark.parametrize("user", ["open", "by_scram", "by_md5", "by_password"])
async def test_users_are_authenticated_in_all_ways(user: str, port: int) -> None:
    """SCRAM-SHA-256, md5, the password in the clear, and none."""
    outcome = await probed(port, Postgres(username=user, password=PASSWORD, database="shop"))
    assert outcome.reason is Reason.OK, outcome.message
    assert outcome.version.startswith("15.")
    assert outcome.facts["in_hot_standby"] == "off"


@pytest.mark.parametrize("user", ["by_scram", "by_md5", "by_password"])
async def test_a_wrong_password_is_told_and_not_repeated(user: str, port: int) -> None:
    """Neither the wrong one, nor that there is none."""
    wrong = await probed(port, Postgres(username=user, password="not-this", database="shop"))
    assert wrong.reason is Reason.AUTHENTICATION
    assert "28P01" in wrong.message
    assert "not-this" not in wrong.message
    none = await probed(port, Postgres(username=user, database="shop"))
    assert none.reason is Reason.AUTHENTICATION
    assert "asks for a password" in none.message


async def test_a_query_is_answered(port: int) -> None:
    """Its rows are the body: columns apart by tabs, NULL empty."""
    query = "SELECT n, 'x' || n, NULL FROM generate_series(1, 3) AS n"
    outcome = await probed(port, Postgres(username="open", database="shop", query=query))
    assert outcome.reason is Reason.OK, outcome.message
    assert outcome.body == b"1\tx1\t\n2\tx2\t\n3\tx3\t\n"
    assert outcome.facts["rows"] == 3


async def test_a_query_that_fails_is_told(port: int) -> None:
    """In the server's words."""
    outcome = await probed(port, Postgres(username="open", database="shop", query="SELECT * FROM nothing"))
    assert outcome.reason is Reason.UNEXPECTED
    assert 'relation "nothing" does not exist (SQLSTATE 42P01)' in outcome.message


async def test_a_query_without_end_is_cut_off(port: int) -> None:
    """More rows than anybody wants to compare are too many."""
    query = "SELECT repeat('x', 1000), generate_series(1, 100000000)"
    outcome = await probed(port, Postgres(username="open", database="shop", query=query))
    assert outcome.reason is Reason.ANSWER_TOO_LARGE
    assert "LIMIT" in outcome.message


async def test_a_query_that_wants_data_is_told(port: int) -> None:
    """It would wait for ever."""
    query = "COPY pg_temp.x FROM STDIN"
    options = Postgres(username="open", database="shop", query=f"CREATE TEMP TABLE x (a int); {query}")
    outcome = await probed(port, options)
    assert outcome.reason is Reason.UNEXPECTED
    assert "COPY" in outcome.message


async def test_a_database_that_is_not_there_is_told(port: int) -> None:
    """The user is right, the database is not."""
    outcome = await probed(port, Postgres(username="open", database="nowhere"))
    assert outcome.reason is Reason.UNEXPECTED
    assert 'database "nowhere" does not exist' in outcome.message


async def test_credentials_may_be_in_the_address(port: int) -> None:
    """User, password and database as libpq reads them; and they are not repeated."""
    url = "postgres://by_scram:gehe!m%2C%20ein%20Pa%C3%9Fwort@127.0.0.1:{}/shop"
    outcome = await probed(port, Postgres(query="SELECT current_user, current_database()"), url)
    assert outcome.reason is Reason.OK, outcome.message
    assert outcome.body == b"by_scram\tshop\n"
    wrong = await probed(port, Postgres(), "postgresql://by_scram:hush-hush@127.0.0.1:{}/shop")
    assert wrong.reason is Reason.AUTHENTICATION
    assert "hush" not in wrong.message


async def test_tls_that_is_not_offered_is_told(port: int) -> None:
    """The server here has none."""
    outcome = await probed(port, Postgres(tls=TlsTrust()))
    assert outcome.reason is Reason.TLS_FAILED
    assert "does not offer TLS" in outcome.message


async def test_sessions_over_tls(require_binary: Callable[[str, str], str], tmp_path: Path) -> None:
    """A real server with a certificate: for a user, and for the certificate alone."""
    require_binary(f"{real_servers.BINARIES}/postgres", "postgresql-15")
    authority = Authority(tmp_path)
    trust = TlsTrust(ca_file=authority.ca_file)
    with real_servers.postgres(authority.signed(days=20)) as port:
        options = Postgres(username="by_scram", password=PASSWORD, database="shop", query="SELECT 1", tls=trust)
        outcome = await probed(port, options, "localhost:{}")
        distrusted = await probed(port, Postgres(tls=TlsTrust()), "localhost:{}")
        shown = await TlsProber(dialler()).probe(attempt(f"localhost:{port}", Tls(tls=trust, starttls="postgres")))
    assert (outcome.reason, outcome.body) == (Reason.OK, b"1\n"), outcome.message
    assert distrusted.reason is Reason.CERTIFICATE_INVALID
    assert shown.reason is Reason.OK, shown.message
    assert shown.certificate is not None
    assert shown.certificate == outcome.certificate


def error(code: str, text: str) -> bytes:
    """An ErrorResponse."""
    return message(b"E", b"SFATAL\0C" + code.encode() + b"\0M" + text.encode() + b"\0\0")


@pytest.mark.parametrize(
    ("code", "text"), [("57P03", "the database system is starting up"), ("53300", "sorry, too many clients already")]
)
async def test_a_server_in_trouble_does_not_serve(code: str, text: str) -> None:
    """Starting up, or full: the fake answers as a server does then."""
    for options in (Postgres(), Postgres(username="open")):
        async with serving(script(None, error(code, text))) as found:
            outcome = await probed(found, options)
        assert outcome.reason is Reason.NOT_SERVING
        assert text in outcome.message


async def test_a_refusal_shows_that_a_server_is_there() -> None:
    """Without a user of ours, that a fake does not want the one that we name is no trouble."""
    async with serving(script(None, error("28000", 'no pg_hba.conf entry for host "127.0.0.1"'))) as found:
        assert (await probed(found, Postgres())).reason is Reason.OK


async def test_work_without_measure_is_refused() -> None:
    """A fake that wants a billion rounds of a hash does not get them."""
    nonce = b"r="
    first = message(b"R", struct.pack("!I", 10) + b"SCRAM-SHA-256\0\0")
    then = message(b"R", struct.pack("!I", 11) + nonce + b"x,s=AAAA,i=1000000000")
    async with serving(script(None, first, None, then)) as found:
        outcome = await probed(found, Postgres(username="a", password="geheim"))
    assert outcome.reason is Reason.PROTOCOL


async def test_a_way_that_probes_do_not_have_is_told() -> None:
    """GSSAPI, say, with what to do instead."""
    async with serving(script(None, message(b"R", struct.pack("!I", 7)))) as found:
        outcome = await probed(found, Postgres(username="a", password="geheim"))
    assert outcome.reason is Reason.NOT_SUPPORTED
    assert "pg_hba.conf" in outcome.message
