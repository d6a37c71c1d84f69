import pytest

from sightline.domain.alerts.builtin import builtin_rules, container_rules
from sightline.domain.alerts.rule import AlertRule, Severity
from sightline.domain.errors import BadData
from sightline.domain.labels import Labels, satisfies
from sightline.domain.metrics.samples import SeriesColumns
from sightline.domain.promql.evaluate import evaluate
from sightline.domain.promql.nodes import Binary
from sightline.domain.promql.parse import parse
from sightline.domain.promql.plan import plan
from sightline.domain.promql.values import Vector
from sightline.domain.timerange import Grid


def test_the_defaults_are_ninety_and_eighty_five_percent() -> None:
    """CPU above 90 % is critical, memory above 85 % a warning."""
    cpu, memory = builtin_rules()
    assert (cpu.name, cpu.severity) == ("HighCpuUsage", Severity.CRITICAL)
    assert cpu.expr == f"{cpu.data} > 90"
    assert (memory.name, memory.severity) == ("HighMemoryUsage", Severity.WARNING)
    assert memory.expr == f"{memory.data} > 85"


def test_thresholds_are_what_was_asked_for() -> None:
    """Other thresholds stand in the expression and in the text."""
    cpu, memory = builtin_rules(cpu_threshold=72.5, memory_threshold=0.1)
    assert cpu.expr.endswith(" > 72.5")
    assert memory.expr.endswith(" > 0.1")
    assert [rule.threshold for rule in (cpu, memory)] == [(">", 72.5), (">", 0.1)]
    description = cpu.texts().annotations(Labels.of(instance="web-1"), 80.0).get("description")
    assert description == "CPU on web-1 is above 72.5 %."


def test_the_summary_tells_the_value() -> None:
    """The one line that people read names what is high and how high it is."""
    summaries = [rule.texts().annotations(Labels(), 93.4375).get("summary") for rule in builtin_rules()]
    assert summaries == ["CPU 93.4 %", "Memory 93.4 %"]


@pytest.mark.parametrize("rule", builtin_rules(), ids=lambda rule: rule.name)
def test_expressions_are_promql(rule: AlertRule) -> None:
    """Both the condition and the test for data parse, and the condition is a comparison of the latter."""
    for text in (rule.expr, rule.data):
        parse(text)
    assert isinstance(parse(rule.expr), Binary)


@pytest.mark.parametrize("threshold", [-1.0, 100.5, float("nan"), float("inf")])
def test_a_threshold_is_a_percentage(threshold: float) -> None:
    """What is not between 0 and 100 is refused."""
    with pytest.raises(BadData, match="percentage"):
        builtin_rules(cpu_threshold=threshold)
    with pytest.raises(BadData, match="percentage"):
        builtin_rules(memory_threshold=threshold)


AT = 1_700_000_000_000
WEB = {"job": "docker", "instance": "vm-1", "id": "ab", "name": "web", "image": "nginx"}


def holding(rule: AlertRule, *series: tuple[str, str, list[float]]) -> dict[str, float]:
    """For which containers a rule holds, given (metric, container's name, values of the last seconds, 5 s apart)."""
    planned = plan(parse(rule.expr), Grid.instant(AT), 300_000, is_range=False)
    columns = [
        (
            Labels.of({**WEB, "name": name, "__name__": metric}),
            [AT - 5_000 * back for back in reversed(range(len(values)))],
            values,
        )
        for metric, name, values in series
    ]
    fetched = [
        SeriesColumns.of([one for one in columns if satisfies(one[0], fetch.matchers)]) for fetch in planned.fetches
    ]
    found = evaluate(planned, fetched).value
    assert isinstance(found, Vector)
    return {labels.get("name"): float(found.values[row, -1]) for row, labels in enumerate(found.labels)}


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
