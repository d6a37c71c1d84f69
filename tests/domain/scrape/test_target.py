"""What is found of a job: targets, dropped ones, and addresses that cannot be scraped."""

from itertools import product

import pytest

from sightline.domain.labels import Labels
from sightline.domain.scrape.job import RelabelRule, ScrapeJob, TargetGroup
from sightline.domain.scrape.relabel import Relabelling
from sightline.domain.scrape.target import DROPPED_KEPT, HEALTH, Health, JobTargets, Outcome, Target, targets_of

ADDRESS = "10.0.0.1:9100"


def found(
    *rules: RelabelRule, addresses: tuple[str, ...] = (ADDRESS,), group: dict[str, str] | None = None, **job: object
) -> JobTargets:
    """The targets of one group."""
    made = ScrapeJob(job="node", relabel=rules, **job)  # type: ignore[arg-type] # fields by name, as each test needs
    return targets_of(made, Relabelling(rules), [TargetGroup(addresses, group or {})])


def only(targets: JobTargets) -> Target:
    """The one target, found without problems."""
    assert targets.problems == ()
    (target,) = targets.active
    return target


def test_a_target_has_job_and_instance_and_its_groups_labels() -> None:
    """Public labels are the job, the address as instance, and what the group says."""
    target = only(found(group={"env": "prod", "empty": ""}))
    assert target.labels == Labels.of(job="node", instance=ADDRESS, env="prod")
    assert target.url == f"http://{ADDRESS}/metrics"
    assert (target.interval, target.timeout) == (60_000, 10_000)


def test_what_was_discovered_holds_everything_that_relabelling_may_read() -> None:
    """Address, scheme, path, interval, timeout and parameters are labels before relabelling."""
    target = only(found(params={"module": ("http", "icmp")}, interval=15_000, timeout=5_000))
    assert dict(target.discovered) == {
        "__address__": ADDRESS,
        "__metrics_path__": "/metrics",
        "__param_module": "http",
        "__scheme__": "http",
        "__scrape_interval__": "15s",
        "__scrape_timeout__": "5s",
        "job": "node",
    }
    assert target.url == f"http://{ADDRESS}/metrics?module=http&module=icmp"


def test_a_group_may_say_its_own_job_path_scheme_and_interval() -> None:
    """Labels of the group win over the job's settings."""
    own = {"job": "other", "__metrics_path__": "probe", "__scheme__": "https", "__scrape_interval__": "30s"}
    target = only(found(group=own))
    assert target.labels.get("job") == "other"
    assert target.url == f"https://{ADDRESS}/probe"
    assert target.interval == 30_000


def test_relabelling_may_ask_one_exporter_about_many() -> None:
    """The way of the blackbox exporter: the address becomes a parameter, the exporter the address."""
    rules = (
        RelabelRule(source_labels=("__address__",), target_label="__param_target"),
        RelabelRule(source_labels=("__param_target",), target_label="instance"),
        RelabelRule(target_label="__address__", replacement="127.0.0.1:9115"),
    )
    target = only(found(*rules, addresses=("https://example.org/a b?c=ü",), params={"module": ("http_2xx",)}))
    assert target.url == (
        "http://127.0.0.1:9115/metrics?module=http_2xx&target=https%3A%2F%2Fexample.org%2Fa+b%3Fc%3D%C3%BC"
    )
    assert target.labels == Labels.of(job="node", instance="https://example.org/a b?c=ü")


def test_labels_that_begin_with_two_underscores_are_not_kept() -> None:
    """Meta and temporary labels end with relabelling."""
    rules = (RelabelRule(source_labels=("__meta_zone",), target_label="zone"),)
    target = only(found(*rules, group={"__meta_zone": "a", "__tmp": "x"}))
    assert target.labels == Labels.of(job="node", instance=ADDRESS, zone="a")


@pytest.mark.parametrize(("scheme", "port"), [("http", 80), ("https", 443)])
def test_an_address_without_port_gets_that_of_the_scheme(scheme: str, port: int) -> None:
    """Instance and URL both carry the port."""
    target = only(found(addresses=("host",), scheme=scheme))
    assert target.labels.get("instance") == f"host:{port}"
    assert target.url == f"{scheme}://host:{port}/metrics"


def test_dropped_targets_are_counted_and_some_kept() -> None:
    """All are counted, a bounded number is shown, and none is scraped."""
    many = tuple(f"10.0.{number // 200}.{number % 200}:9100" for number in range(DROPPED_KEPT + 5))
    targets = found(RelabelRule(action="drop", source_labels=("job",), regex="node"), addresses=many)
    assert targets.active == ()
    assert (len(targets.dropped), targets.dropped_count) == (DROPPED_KEPT, DROPPED_KEPT + 5)
    assert targets.dropped[0].get("__address__") == many[0]


def test_one_target_found_twice_is_scraped_once() -> None:
    """What ends with the same labels and URL is one target."""
    assert len(found(addresses=(ADDRESS, ADDRESS)).active) == 1


@pytest.mark.parametrize(
    ("group", "said"),
    [
        ({"__scheme__": "ftp"}, "http or https"),
        ({"__scrape_interval__": "0s"}, "__scrape_interval__ is zero"),
        ({"__scrape_interval__": "soon"}, "not a duration"),
        ({"__scrape_timeout__": "2m"}, "longer than __scrape_interval__"),
    ],
)
def test_a_target_that_cannot_be_is_a_problem_of_its_own(group: dict[str, str], said: str) -> None:
    """The problem names job, target and cause, and another group's target is there all the same."""
    job = ScrapeJob(job="node")
    targets = targets_of(job, Relabelling(()), [TargetGroup((ADDRESS,), group), TargetGroup(("b:1",))])
    assert [target.labels.get("instance") for target in targets.active] == ["b:1"]
    (problem,) = targets.problems
    assert said in problem
    assert "node" in problem
    assert ADDRESS in problem


def test_relabelling_that_takes_the_address_away_is_a_problem() -> None:
    """Without an address there is nothing to ask."""
    (problem,) = found(RelabelRule(action="labeldrop", regex="__address__")).problems
    assert "without __address__" in problem


def test_phases_are_spread_and_stay() -> None:
    """Targets fall evenly into their interval, at the same place every time."""
    many = tuple(f"10.0.0.{number}:9100" for number in range(200))
    phases = [target.phase() for target in found(addresses=many).active]
    assert phases == [target.phase() for target in found(addresses=many).active]
    assert all(0 <= phase < 60_000 for phase in phases)
    quarters = [sum(1 for phase in phases if phase * 4 // 60_000 == quarter) for quarter in range(4)]
    assert min(quarters) > 25


def test_health_is_told_for_every_outcome() -> None:
    """The table has an answer for each state and outcome, and the last outcome decides."""
    assert set(HEALTH) == set(product(Health, Outcome))
    assert {HEALTH[state, Outcome.FAILED] for state in Health} == {Health.DOWN}
    assert {HEALTH[state, Outcome.SUCCEEDED] for state in Health} == {Health.UP}


def test_what_relabelling_did_not_use_may_change_without_making_another_target() -> None:
    """A target's identity is what it carries and where it is asked."""
    one, two = only(found(group={"__meta_seen": "1"})), only(found(group={"__meta_seen": "2"}))
    assert one.key == two.key
    assert one.discovered != two.discovered
