"""What results become as series."""

from tests.domain.probes.checks import NOW, check, result

from sightline.domain.labels import METRIC_NAME
from sightline.domain.metrics.samples import WriteBatch
from sightline.domain.probes.options import Icmp
from sightline.domain.probes.outcome import Certificate, Phase
from sightline.domain.probes.result import Verdict
from sightline.domain.probes.series import CheckSeries, batch_of, ending


def told(batch: WriteBatch) -> dict[tuple[str, ...], float]:
    """Values by metric and phase."""
    named = [(one.get(METRIC_NAME), *filter(None, (one.get("phase"),))) for one in batch.labels]
    return {named[row]: value for row, value in zip(batch.series.tolist(), batch.values.tolist(), strict=True)}


def test_an_exchange_over_http_has_the_series_of_blackbox_exporter() -> None:
    """Their names, their phases, and seconds."""
    certificate = Certificate("CN=api", "CN=ca", NOW + 86_400_000, NOW, "ab")
    phases = ((Phase.RESOLVE, 0.01), (Phase.CONNECT, 0.02), (Phase.PROCESSING, 0.05))
    numbers = (("content_length", -1.0),)
    found = result(status=200, phases=phases, version="2", size=12, certificate=certificate, numbers=numbers)
    batch = batch_of([(CheckSeries(check(), "fra"), found)])
    assert told(batch) == {
        ("probe_success",): 1.0,
        ("probe_duration_seconds",): 0.1,
        ("probe_http_duration_seconds", "resolve"): 0.01,
        ("probe_http_duration_seconds", "connect"): 0.02,
        ("probe_http_duration_seconds", "processing"): 0.05,
        ("probe_http_status_code",): 200.0,
        ("probe_http_redirects",): 0.0,
        ("probe_http_version",): 2.0,
        ("probe_http_content_length",): -1.0,
        ("probe_http_uncompressed_body_length",): 12.0,
        ("probe_http_ssl",): 1.0,
        ("probe_ssl_earliest_cert_expiry",): (NOW + 86_400_000) / 1000,
    }
    assert dict(batch.labels[0]) == {
        METRIC_NAME: "probe_success",
        "check": "api",
        "location": "fra",
        "target": "https://api.example.com/",
        "type": "http",
    }


def test_labels_never_show_credentials() -> None:
    """The target is the address without them."""
    one = check(url="https://admin:hunter2@api.example.com:8443/health?x=1")
    assert CheckSeries(one, "fra").labels.get("target") == "https://api.example.com:8443/health?x=1"


def test_tags_and_group_are_labels() -> None:
    """So that rules can route by them; what tells checks apart is stronger."""
    labels = CheckSeries(check(group="shop", tags={"team": "a", "check": "other"}), "fra").labels
    assert tuple(map(labels.get, ("group", "team", "check"))) == ("shop", "a", "api")


def test_phases_of_pings_have_names_of_their_own() -> None:
    """As blackbox_exporter has them."""
    one = CheckSeries(check(options=Icmp(), url="example.com"), "fra")
    found = told(batch_of([(one, result(phases=((Phase.PROCESSING, 0.02),)))]))
    assert found["probe_icmp_duration_seconds", "rtt"] == 0.02


def test_results_of_one_series_at_two_times_share_its_labels() -> None:
    """One label set, two samples."""
    one = CheckSeries(check(), "fra")
    batch = batch_of([(one, result()), (one, result(Verdict.DOWN, NOW + 1_000))])
    success = [row for row, labels in enumerate(batch.labels) if labels.get(METRIC_NAME) == "probe_success"]
    assert len(success) == 1
    mine = batch.series == success[0]
    assert batch.times[mine].tolist() == [NOW, NOW + 1_000]
    assert batch.values[mine].tolist() == [1.0, 0.0]


def test_what_ends_is_marked() -> None:
    """Each series once."""
    one = CheckSeries(check(), "fra")
    batch = batch_of([(one, result())])
    assert set(ending([one], NOW + 1).labels) == set(batch.labels)


def test_what_stays_the_same_is_stored_now_and_then_and_at_once_when_it_changes() -> None:
    """A status code of a check that is probed each second has a sample each half minute, and one where it differs."""
    one = CheckSeries(check(), "fra")
    codes = [200] * 40 + [503] * 3 + [200] * 2
    batch = batch_of([(one, result(status=code, at=NOW + 1_000 * place)) for place, code in enumerate(codes)])
    row = next(row for row, labels in enumerate(batch.labels) if labels.get(METRIC_NAME) == "probe_http_status_code")
    mine = batch.series == row
    assert ((batch.times[mine] - NOW) // 1_000).tolist() == [0, 30, 40, 43]
    assert batch.values[mine].tolist() == [200.0, 200.0, 503.0, 200.0]


def test_numbers_of_a_kind_are_series_of_that_kind() -> None:
    """Under blackbox_exporter's names where it has them; seconds say that they are."""
    ping = CheckSeries(check(options=Icmp(), url="example.com"), "fra")
    found = told(batch_of([(ping, result(numbers=(("loss", 0.25), ("rtt_avg", 0.012), ("reply_hop_limit", 57.0))))]))
    assert found["probe_icmp_loss",] == 0.25
    assert found["probe_icmp_rtt_avg_seconds",] == 0.012
    assert found["probe_icmp_reply_hop_limit",] == 57.0


def test_checks_of_a_kind_that_say_different_things_have_their_own_series() -> None:
    """Whichever says what first, each has what it said itself, under its own labels, and ends no more than that."""
    first, second = CheckSeries(check(name="one"), "fra"), CheckSeries(check(name="two"), "fra")
    batch_of([(second, result(numbers=(("only_second", 2.0),))), (first, result(numbers=(("only_first", 1.0),)))])
    batch = batch_of([(first, result(value=3.0)), (second, result(numbers=(("only_second", 4.0),)))])
    names = {(one.get("check"), one.get(METRIC_NAME)) for one in ending([first, second], NOW).labels}
    assert {pair for pair in names if "only" in pair[1]} == {
        ("one", "probe_http_only_first"),
        ("two", "probe_http_only_second"),
    }
    assert ("one", "probe_value") in names
    assert ("two", "probe_value") not in names
    assert len(set(batch.labels)) == len(batch.labels)
