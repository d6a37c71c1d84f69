"""Redis: a real server, and fakes for what it does only in trouble."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.adapters.probers import real_servers
from tests.adapters.probers.certificates import Authority
from tests.adapters.probers.peers import attempt, dialler, script, serving

from sightline.adapters.outbound.probers.redis import RedisProber
from sightline.domain.probes.options import Redis, TlsTrust
from sightline.domain.probes.outcome import Outcome, Reason

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def open_port(require_binary: Callable[[str, str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A server that asks for nothing."""
    require_binary("redis-server", "redis-server")
    with real_servers.redis(tmp_path_factory.mktemp("redis")) as found:
        yield found


@pytest.fixture(scope="module")
def locked_port(require_binary: Callable[[str, str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A server that asks for a password, and knows another user by name."""
    require_binary("redis-server", "redis-server")
    further = ("requirepass geheim", "user watcher on >other ~* +ping")
    folder: Path = tmp_path_factory.mktemp("redis")
    with real_servers.redis(folder, *further) as found:
        yield found


async def probed(port: int, options: Redis, url: str = "127.0.0.1:{}") -> Outcome:
    """What is seen of a server."""
    return await RedisProber(dialler()).probe(attempt(url.format(port), options))


async def test_a_server_that_answers_is_well(open_port: int) -> None:
    """PONG is the body."""
    outcome = await probed(open_port, Redis())
    assert (outcome.reason, outcome.body) == (Reason.OK, b"PONG")


async def test_a_password_is_used(locked_port: int) -> None:
    """Of the options or of the address, with a user or without."""
    assert (await probed(locked_port, Redis(password="geheim"))).reason is Reason.OK
    assert (await probed(locked_port, Redis(username="watcher", password="other"))).reason is Reason.OK
    assert (await probed(locked_port, Redis(), "redis://:geheim@127.0.0.1:{}/0")).reason is Reason.OK
    assert (await probed(locked_port, Redis(), "redis://watcher:other@127.0.0.1:{}")).reason is Reason.OK


async def test_a_missing_or_wrong_password_is_told_and_not_repeated(locked_port: int) -> None:
    """NOAUTH and WRONGPASS."""
    none = await probed(locked_port, Redis())
    assert none.reason is Reason.AUTHENTICATION
    assert "asks for a password: set one (NOAUTH" in none.message
    wrong = await probed(locked_port, Redis(), "redis://u:hush@127.0.0.1:{}")
    assert wrong.reason is Reason.AUTHENTICATION
    assert "WRONGPASS" in wrong.message
    assert "hush" not in wrong.message


async def test_a_password_that_nobody_asked_for_is_told(open_port: int) -> None:
    """The server knows none."""
    outcome = await probed(open_port, Redis(password="geheim"))
    assert outcome.reason is Reason.AUTHENTICATION


async def test_redis_over_tls(require_binary: Callable[[str, str], str], tmp_path: Path) -> None:
    """By option, and by the scheme, which trusts whom the machine trusts."""
    require_binary("redis-server", "redis-server")
    authority = Authority(tmp_path)
    certificate, key = authority.signed()
    lines = ("tls-auth-clients no", f"tls-cert-file {certificate}", f"tls-key-file {key}")
    with real_servers.redis(tmp_path, *lines, is_encrypted=True) as port:
        outcome = await probed(port, Redis(tls=TlsTrust(ca_file=authority.ca_file)), "localhost:{}")
        by_scheme = await probed(port, Redis(), "rediss://localhost:{}")
        in_the_clear = await probed(port, Redis())
    assert outcome.reason is Reason.OK, outcome.message
    assert outcome.certificate is not None
    assert by_scheme.reason is Reason.CERTIFICATE_INVALID
    assert not in_the_clear.ok


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"-LOADING Redis is loading the dataset in memory\r\n", Reason.NOT_SERVING),
        (b"-MASTERDOWN Link with MASTER is down\r\n", Reason.NOT_SERVING),
        (b"-DENIED Redis is running in protected mode\r\n", Reason.AUTHENTICATION),
        (b"-ERR whatever geheim\r\n", Reason.UNEXPECTED),
        (b"+PANG\r\n", Reason.UNEXPECTED),
        (b"HTTP/1.1 400 Bad Request\r\n", Reason.PROTOCOL),
    ],
)
async def test_answers_of_a_server_in_trouble(said: bytes, reason: Reason) -> None:
    """A fake says what a real one does then; what it repeats of a password is hidden."""
    async with serving(script(None, b"+OK\r\n", None, said)) as port:
        outcome = await probed(port, Redis(password="geheim"))
    assert outcome.reason is reason
    assert "geheim" not in outcome.message
