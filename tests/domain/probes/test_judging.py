"""Judging: what decides first, and in which words."""

import pytest

from sightline.domain.errors import BadData, InvalidField
from sightline.domain.probes.accepted import accepted_codes
from sightline.domain.probes.check import Definition
from sightline.domain.probes.judging import Judge
from sightline.domain.probes.options import AnyOptions, Domain, Http, Icmp, Tls
from sightline.domain.probes.outcome import Certificate, Outcome, Reason
from sightline.domain.probes.result import Judgement, Verdict
from sightline.domain.timerange import DAY, HOUR

NOW = 1_790_000_000_000
UP = Judgement(Verdict.UP)


def shown(left: int) -> Certificate:
    """A certificate that ends so many ms from now."""
    return Certificate("CN=a", "CN=ca", NOW + left, NOW - DAY, "ff")


def judged(outcome: Outcome, options: AnyOptions, *conditions: str) -> Judgement:
    """What is made of an outcome of a check with these rules."""
    url = "https://me:secret@shop.example:8443/cart?x=1"
    definition = Definition(name="shop", url=url, options=options, conditions=conditions)
    return Judge.of(definition).judge(outcome, NOW)


def test_what_failed_is_down_for_its_own_reason() -> None:
    """What the prober found goes before everything, in its words or else in those of the reason."""
    refused = Outcome(reason=Reason.REFUSED, message="192.0.2.1 refused")
    assert judged(refused, Http(), "status == 200") == Judgement(Verdict.DOWN, Reason.REFUSED, "192.0.2.1 refused")
    assert judged(Outcome(reason=Reason.TIMED_OUT), Icmp()).message == "timed out"


@pytest.mark.parametrize(
    ("accepted", "status", "well"),
    [
        (("200-299",), 204, True),
        (("200-299",), 301, False),
        (("200", "401"), 401, True),
        (("2xx", "302"), 302, True),
        (("200..204",), 205, False),
        (("200-299",), None, False),
    ],
)
def test_only_accepted_statuses_are_well(accepted: tuple[str, ...], status: int | None, *, well: bool) -> None:
    """Codes, ranges and classes are accepted; any other status is down."""
    found = judged(Outcome(status=status), Http(accepted=accepted))
    assert found.verdict is (Verdict.UP if well else Verdict.DOWN)
    assert found.reason is (Reason.OK if well else Reason.STATUS)


def test_what_makes_it_down_goes_before_what_degrades_it() -> None:
    """Of conditions that fail the first that makes the check down decides, wherever it stands."""
    slow = "degraded: latency < 1s"
    assert judged(Outcome(status=200, seconds=2), Http(), slow, "body contains 'ok'") == Judgement(
        Verdict.DOWN, Reason.CONDITION, 'body does not contain "ok": ""'
    )
    assert judged(Outcome(status=200, seconds=2, body=b"ok"), Http(), slow, "body contains 'ok'") == Judgement(
        Verdict.DEGRADED, Reason.CONDITION, "latency is 2000 ms, not < 1000 ms"
    )


@pytest.mark.parametrize("options", [Http(), Tls()])
@pytest.mark.parametrize(
    ("left", "message"),
    [
        (14 * DAY, ""),
        (14 * DAY - 1, "the certificate of shop.example ends in 13 days"),
        (30 * HOUR, "the certificate of shop.example ends in 1 day"),
        (5 * HOUR, "the certificate of shop.example ends in 5 hours"),
        (-3 * DAY, "the certificate of shop.example ended 3 days ago"),
    ],
)
def test_a_certificate_that_ends_soon_degrades(options: AnyOptions, left: int, message: str) -> None:
    """From the days before its end that the check names; and nobody reads the credentials of the address."""
    found = judged(Outcome(status=200, certificate=shown(left)), options)
    assert found == (Judgement(Verdict.DEGRADED, Reason.CERTIFICATE_EXPIRES, message) if message else UP)


def test_nothing_ends_soon_for_those_who_do_not_want_to_know() -> None:
    """No days, no warning."""
    assert judged(Outcome(status=200, certificate=shown(1)), Http(certificate_days=0)) == UP
    assert judged(Outcome(facts={"expires_at": NOW + 1.0}), Domain(days=0)) == UP


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        ({"expires_at": float(NOW + 40 * DAY)}, UP),
        ({}, UP),
        (
            {"expires_at": float(NOW + 9 * DAY)},
            Judgement(Verdict.DEGRADED, Reason.DOMAIN_EXPIRES, "the registration of shop.example ends in 9 days"),
        ),
        (
            {"expires_at": float(NOW - DAY)},
            Judgement(Verdict.DOWN, Reason.DOMAIN_EXPIRES, "the registration of shop.example ended 1 day ago"),
        ),
    ],
)
def test_a_registration_that_ends_soon_degrades(facts: dict[str, float], found: Judgement) -> None:
    """Likewise for a domain; one that has ended is down."""
    assert judged(Outcome(facts=facts), Domain()) == found


def test_rules_that_cannot_be_are_refused_when_the_judge_is_made() -> None:
    """Neither a bad condition nor a bad status code waits for the first probe."""
    with pytest.raises(InvalidField):
        judged(Outcome(), Http(), "nonsense")
    with pytest.raises(BadData, match="is no status code"):
        judged(Outcome(), Http(accepted=("ok",)))
    with pytest.raises(BadData, match="ends before it begins"):
        accepted_codes(("299-200",))
