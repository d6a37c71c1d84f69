"""Who is asked: names, their addresses, and proxies."""

import pytest
from tests.adapters.probers.far_ends import answer, answering, port_of_nobody, serving
from tests.adapters.probers.http.probing import Probing, Recording

from sightline.domain.probes.outcome import Phase, Reason

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("name", ["good.example", "both.example", "GOOD.example.", "localhost", "bücher.example"])
async def test_names_are_looked_up_each_time(probe: Probing, name: str) -> None:
    """That takes a phase of its own, and all addresses are tried."""
    async with serving(answering(answer())) as far_end:
        outcome = await probe(f"http://{name}:{far_end.port}/", ip_version="any")
    assert outcome.reason is Reason.OK
    assert outcome.phases[0][0] is Phase.RESOLVE
    assert outcome.address == "127.0.0.1"


async def test_of_several_addresses_those_that_are_allowed_are_asked(probe: Probing) -> None:
    """One that is denied does not keep others from being tried, and what came of them is told."""
    async with serving(answering(answer())) as far_end:
        assert (await probe(f"http://mixed.example:{far_end.port}/")).reason is Reason.OK
    assert (await probe(f"http://mixed.example:{port_of_nobody()}/")).reason is Reason.REFUSED


async def test_proxies_of_the_environment_are_not_used(probe: Probing, monkeypatch: pytest.MonkeyPatch) -> None:
    """A check asks what it names, or the proxy that it names."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with serving(answering(answer())) as far_end:
        assert (await probe(far_end.url)).reason is Reason.OK


async def test_a_proxy_is_used(probe: Probing, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked for the whole URL, with its own credentials; what it must not be asked for is not."""
    monkeypatch.setenv("no_proxy", "*")
    recording = Recording()
    async with serving(recording) as far_end:
        proxy = f"http://ann:hush@good.example:{far_end.port}"
        outcome = await probe("http://elsewhere.example/x", proxy=proxy)
        denied = await probe("http://169.254.169.254/", proxy=proxy)
        refused = await probe("https://elsewhere.example/x", proxy=proxy)
    assert outcome.reason is Reason.OK
    assert recording.heads[0].startswith("GET http://elsewhere.example/x HTTP/1.1\r\n")
    assert "Proxy-Authorization: Basic YW5uOmh1c2g=" in recording.heads[0]
    assert denied.reason is Reason.ADDRESS_DENIED
    assert recording.heads[1].startswith("CONNECT elsewhere.example:443 ")
    assert not refused.ok
    bad = await probe("http://x/", proxy="ftp://u:hush@x")
    assert (bad.reason, "proxy: ftp: is not spoken" in bad.message) == (Reason.BAD_TARGET, True)
