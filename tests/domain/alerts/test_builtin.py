import promql_parser
import pytest

from sightline.domain.alerts.builtin import builtin_rules
from sightline.domain.alerts.rule import AlertRule, Severity, Texts
from sightline.domain.errors import BadData
from sightline.domain.labels import Labels


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
    description = Texts(cpu).annotations(Labels.of(instance="web-1"), 80.0).get("description")
    assert description == "CPU on web-1 is above 72.5 %."


def test_the_summary_tells_the_value() -> None:
    """The one line that people read names what is high and how high it is."""
    summaries = [Texts(rule).annotations(Labels(), 93.4375).get("summary") for rule in builtin_rules()]
    assert summaries == ["CPU 93.4 %", "Memory 93.4 %"]


@pytest.mark.parametrize("rule", builtin_rules(), ids=lambda rule: rule.name)
def test_expressions_are_promql(rule: AlertRule) -> None:
    """Both the condition and the test for data parse, and the condition is a comparison of the latter."""
    for text in (rule.expr, rule.data):
        promql_parser.parse(text)
    assert isinstance(promql_parser.parse(rule.expr), promql_parser.BinaryExpr)


@pytest.mark.parametrize("threshold", [-1.0, 100.5, float("nan"), float("inf")])
def test_a_threshold_is_a_percentage(threshold: float) -> None:
    """What is not between 0 and 100 is refused."""
    with pytest.raises(BadData, match="percentage"):
        builtin_rules(cpu_threshold=threshold)
    with pytest.raises(BadData, match="percentage"):
        builtin_rules(memory_threshold=threshold)
