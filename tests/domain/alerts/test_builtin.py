import pytest

from sightline.domain.alerts.builtin import MAX_HOST_THRESHOLDS, HostThresholds, container_rules, host_rules
from sightline.domain.alerts.rule import AlertRule, Severity
from sightline.domain.containers.thresholds import Thresholds
from sightline.domain.errors import BadData
from sightline.domain.labels import Labels, satisfies
from sightline.domain.metrics.samples import SeriesColumns
from sightline.domain.promql.evaluate import evaluate
from sightline.domain.promql.nodes import Binary
from sightline.domain.promql.parse import parse
from sightline.domain.promql.plan import plan
from sightline.domain.promql.recording import elements
from sightline.domain.promql.values import Vector
from sightline.domain.timerange import Grid

CPU, MEMORY, DISK, DOWN, SILENT = host_rules()


def thresholds(cpu: float = 90.0, memory: float = 85.0, *names: str) -> HostThresholds:
    """Thresholds of hosts; names are those of CPU."""
    return HostThresholds(Thresholds.of("", cpu, names, "s"), Thresholds("", memory))


def test_the_defaults_are_ninety_and_eighty_five_percent() -> None:
    """CPU above 90 % and a target that is down are critical, memory above 85 % and a disk above 90 % a warning."""
    assert [(rule.name, rule.severity.value) for rule in host_rules()] == [
        ("HighCpuUsage", "critical"),
        ("HighMemoryUsage", "warning"),
        ("HighDiskUsage", "warning"),
        ("HostDown", "critical"),
        ("ReportingStopped", "critical"),
    ]
    assert [rule.threshold for rule in host_rules()] == [
        (">", 90.0),
        (">", 85.0),
        (">", 90.0),
        None,
        (">", 300.0),
    ]


def test_thresholds_are_what_was_asked_for() -> None:
    """Other thresholds stand in the expression and in the text."""
    cpu, memory, *_ = host_rules(thresholds(72.5, 0.1))
    assert cpu.expr.endswith(" > 72.5")
    assert memory.expr.endswith(" > 0.1")
    assert [rule.threshold for rule in (cpu, memory)] == [(">", 72.5), (">", 0.1)]
    description = cpu.texts().annotations(Labels.of(instance="web-1"), 80.0).get("description")
    assert description == "CPU on web-1 is above 72.5 %."


def test_the_summary_tells_the_value() -> None:
    """The one line that people read names what is high and how high it is."""
    labels = Labels.of(mountpoint="/srv", instance="web-1", hostname="db")
    said = "db has not reported for 1m 33s"
    summaries = [rule.texts().annotations(labels, 93.4375).get("summary") for rule in host_rules()]
    assert summaries == ["CPU 93.4 %", "Memory 93.4 %", "Disk /srv 93.4 %", "web-1 cannot be scraped", said]


@pytest.mark.parametrize("rule", host_rules(), ids=lambda rule: rule.name)
def test_expressions_are_promql(rule: AlertRule) -> None:
    """Both the condition and the test for data parse, and the condition is a comparison of the latter."""
    for text in (rule.expr, rule.data):
        parse(text)
    assert isinstance(parse(rule.expr), Binary)


@pytest.mark.parametrize("threshold", [-1.0, 100.5, float("nan"), float("inf")])
def test_a_threshold_is_a_percentage(threshold: float) -> None:
    """What is not between 0 and 100 is refused."""
    with pytest.raises(BadData, match="percentage"):
        thresholds(cpu=threshold)
    with pytest.raises(BadData, match="percentage"):
        thresholds(memory=threshold)


def test_there_is_a_bound_on_thresholds_of_single_hosts() -> None:
    """So that the expression stays one that can be evaluated every few seconds."""
    names = [f"web-{number}=50" for number in range(MAX_HOST_THRESHOLDS)]
    parse(host_rules(thresholds(90.0, 85.0, *names))[0].expr)
    with pytest.raises(BadData, match=str(MAX_HOST_THRESHOLDS)):
        thresholds(90.0, 85.0, *names, "one-more=off")


AT = 1_700_000_000_000
WEB = {"job": "docker", "instance": "vm-1", "id": "ab", "name": "web", "image": "nginx"}


def holding(rule: AlertRule, *series: tuple[str, str, list[float]]) -> dict[str, float]:
    """For which containers a rule holds, given (metric, container's name, values of the last seconds, 5 s apart)."""
    columns = [
        (
            Labels.of({**WEB, "name": name, "__name__": metric}),
            [AT - 5_000 * back for back in reversed(range(len(values)))],
            values,
        )
        for metric, name, values in series
    ]
    found = value_of(rule, columns)
    return {labels.get("name"): float(found.values[row, -1]) for row, labels in enumerate(found.labels)}


def value_of(rule: AlertRule, columns: list[tuple[Labels, list[int], list[float]]]) -> Vector:
    """The result of a rule's expression over series."""
    planned = plan(parse(rule.expr), Grid.instant(AT), 300_000, is_range=False)
    fetched = [
        SeriesColumns.of([one for one in columns if satisfies(one[0], fetch.matchers)]) for fetch in planned.fetches
    ]
    found = evaluate(planned, fetched).value
    assert isinstance(found, Vector)
    return found


def evaluated(rule: AlertRule, columns: list[tuple[Labels, list[int], list[float]]], label: str) -> list[str]:
    """The values of a label of all elements of the result, in order."""
    found = elements(value_of(rule, columns))
    return sorted(found.labels[row].get(label) for row in found.there.tolist())


def named(name: str) -> AlertRule:
    """The rule of that name."""
    return next(rule for rule in container_rules() if rule.name == name)


@pytest.mark.parametrize("rule", container_rules(), ids=lambda rule: rule.name)
def test_rules_for_containers_are_promql(rule: AlertRule) -> None:
    """Condition and data parse, and the condition is a comparison of the latter."""
    assert rule.expr.startswith(rule.data)
    assert isinstance(parse(rule.expr), Binary)
    parse(rule.data)


def test_containers_cpu_is_critical_and_the_rest_a_warning() -> None:
    """As for machines."""
    found = {rule.name: rule.severity for rule in container_rules()}
    assert found == {
        "HighContainerCpu": Severity.CRITICAL,
        "HighContainerMemory": Severity.WARNING,
        "ContainerRestarting": Severity.WARNING,
        "ContainerUnhealthy": Severity.WARNING,
    }


@pytest.mark.parametrize(
    ("name", "figure", "threshold"),
    [
        ("HighContainerCpu", "container_cpu_percent_of_limit", "container_cpu_threshold_percent"),
        ("HighContainerMemory", "container_memory_percent", "container_memory_threshold_percent"),
    ],
)
def test_each_container_is_measured_by_its_own_threshold(name: str, figure: str, threshold: str) -> None:
    """Above it the rule holds with the figure as its value; at it, below it, and without one it does not."""
    series = [
        (figure, "above", [50.5]),
        (threshold, "above", [50.0]),
        (figure, "at", [90.0]),
        (threshold, "at", [90.0]),
    ]
    series += [(figure, "below", [10.0]), (threshold, "below", [90.0]), (figure, "off", [100.0])]
    assert holding(named(name), *series) == {"above": 50.5}


def test_one_or_two_restarts_are_no_loop() -> None:
    """A restart policy does its work; from the third within ten minutes on people are told."""
    metric = "container_restarts_total"
    found = holding(
        named("ContainerRestarting"),
        (metric, "well", [7.0] * 120),
        (metric, "once", [0.0] * 60 + [1.0] * 60),
        (metric, "loop", [0.0] * 30 + [1.0] * 30 + [2.0] * 30 + [4.0] * 30),
    )
    assert list(found) == ["loop"]


def test_only_a_failed_check_is_unhealthy() -> None:
    """Healthy ones and those without a check are well."""
    series = [("container_healthy", "sick", [0.0]), ("container_healthy", "well", [1.0])]
    assert list(holding(named("ContainerUnhealthy"), *series)) == ["sick"]


def test_a_containers_alert_reads_well() -> None:
    """Name, figure, image and machine are in the texts."""
    said = named("HighContainerCpu").texts().annotations(Labels.of(WEB), 97.53)
    assert said.get("summary") == "CPU of web 97.5 % of its limit"
    assert said.get("description") == "Container web (nginx) on vm-1 uses more CPU than its threshold."


def hosts(percents: dict[str, float], *names: str) -> list[str]:
    """The hosts for which HighMemoryUsage holds, given what each uses and thresholds by name."""
    of_memory = HostThresholds(memory=Thresholds.of("", 85.0, names, "alerts.memory_thresholds"))
    series = [
        (Labels.of(__name__=f"node_memory_{metric}_bytes", job="node", instance=host), [AT], [value])
        for host, percent in percents.items()
        for metric, value in (("MemTotal", 100.0), ("MemAvailable", 100.0 - percent))
    ]
    return evaluated(host_rules(of_memory)[1], series, "instance")


def test_a_host_may_have_its_own_threshold() -> None:
    """The first entry that matches counts, `off` means no alert, and the default holds for all others."""
    entries = ("db-1:9100=95", "db-*=off", "we?=50", "a.c=10")
    used = {"db-1:9100": 96.0, "db-2:9100": 99.0, "web": 51.0, "weeb": 60.0, "abc": 20.0, "other": 86.0}
    assert hosts(used, *entries) == ["db-1:9100", "other", "web"]
    assert hosts({**used, "db-1:9100": 94.0, "web": 49.0, "other": 85.0}, *entries) == []


@pytest.mark.parametrize("name", ["we b", 'a"b', "a\\b", "(a)[b]{c}", "ö+|^$", "a#b~c&d-e"])
def test_a_host_is_named_by_its_own_characters(name: str) -> None:
    """Only `*` and `?` mean something else than themselves."""
    assert hosts({name: 60.0, f"{name}x": 60.0}, f"{name}=50") == [name]


def test_a_text_with_thresholds_of_single_hosts_names_none() -> None:
    """It would be wrong for some of them."""
    rule = host_rules(thresholds(90.0, 85.0, "a=50"))[0]
    assert rule.threshold is None
    assert (
        rule.texts().annotations(Labels.of(instance="a"), 60.0).get("description") == "CPU on a is above its threshold."
    )


def test_a_disk_is_as_full_as_df_says() -> None:
    """What is kept for root is not available, and what is read-only or only memory is left out."""

    def disk(mountpoint: str, fixed: float = 0.0, fstype: str = "ext4") -> list[tuple[Labels, list[int], list[float]]]:
        figures = {"size_bytes": 100.0, "free_bytes": 10.0, "avail_bytes": 5.0, "readonly": fixed}
        labels = {"instance": "web", "mountpoint": mountpoint, "fstype": fstype}
        return [
            (Labels.of(labels, __name__=f"node_filesystem_{name}"), [AT], [value]) for name, value in figures.items()
        ]

    series = [*disk("/"), *disk("/iso", 1.0), *disk("/run", fstype="tmpfs")]
    assert evaluated(DISK, series, "mountpoint") == ["/"]


def test_a_target_that_does_not_answer_is_down() -> None:
    """Each by itself."""
    series = [(Labels.of(__name__="up", instance=name), [AT], [value]) for name, value in (("a", 0.0), ("b", 1.0))]
    assert evaluated(DOWN, series, "instance") == ["a"]


def test_a_server_that_has_not_reported_for_long_is_silent() -> None:
    """Five minutes after its last report."""
    seen = {"quiet": AT / 1000 - 301, "late": AT / 1000 - 299}
    series = [
        (Labels.of(__name__="server_last_seen_timestamp_seconds", hostname=name), [AT], [at])
        for name, at in seen.items()
    ]
    assert evaluated(SILENT, series, "hostname") == ["quiet"]
