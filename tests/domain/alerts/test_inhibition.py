"""Inhibition: alerts that are not told because others fire."""

from hypothesis import given
from hypothesis import strategies as st

from sightline.domain.alerts.inhibition import Inhibition, InhibitRule
from sightline.domain.alerts.matchers import parse_matchers
from sightline.domain.labels import Labels, satisfies

SIDES = st.sampled_from(["", 'a="1"', 'a="1",b="1"', 'b!="1"', 'b=~"1|2"', 'a=""']).map(parse_matchers)
RULES = st.lists(st.builds(InhibitRule, SIDES, SIDES, st.sampled_from([(), ("c",), ("b", "c")])), max_size=3)
ALERTS = st.lists(st.dictionaries(st.sampled_from("abc"), st.sampled_from("12")).map(Labels.of), max_size=6)


def inhibits(rule: InhibitRule, source: Labels, target: Labels) -> bool:
    """Whether one alert inhibits another, found plainly."""
    is_both = [satisfies(one, rule.source) and satisfies(one, rule.target) for one in (source, target)]
    return (
        satisfies(source, rule.source)
        and satisfies(target, rule.target)
        and all(source.get(name) == target.get(name) for name in rule.equal)
        and not all(is_both)
    )


@given(RULES, ALERTS)
def test_reasons_agree_with_a_plain_search(rules: list[InhibitRule], alerts: list[Labels]) -> None:
    """The reasons are the pairs of rule and source that a search through all finds."""
    inhibition = Inhibition(rules, alerts)
    for target in alerts:
        found = [(id(one.rule), one.source) for one in inhibition.reasons(target)]
        expected = [(id(rule), source) for rule in rules for source in alerts if inhibits(rule, source, target)]
        assert sorted(found) == sorted(expected)
        first = inhibition.reason(target)
        assert (first is None) is (not expected)


def test_an_alert_does_not_inhibit_itself() -> None:
    """Alerts that satisfy both sides are not inhibited by each other, but by those that satisfy the source alone."""
    rule = InhibitRule(
        parse_matchers('severity=~"warning|critical"'), parse_matchers("severity=warning"), ("instance",)
    )
    warning, critical = (Labels.of(severity=one, instance="x") for one in ("warning", "critical"))
    other = Labels.of(severity="warning", instance="x", team="db")
    assert Inhibition([rule], [warning, other]).reason(warning) is None
    found = Inhibition([rule], [warning, other, critical]).reason(warning)
    assert found is not None
    assert (found.rule, found.source) == (rule, critical)
    assert Inhibition([rule], [Labels.of(severity="critical", instance="y")]).reason(warning) is None


def test_labels_that_both_lack_agree() -> None:
    """A label in `equal` that neither alert has agrees."""
    rule = InhibitRule(parse_matchers("a=1"), parse_matchers("a=2"), ("zone",))
    source, target = Labels.of(a="1"), Labels.of(a="2")
    assert Inhibition([rule], [source]).reason(target) is not None
    assert Inhibition([rule], [source]).reason(Labels.of(a="2", zone="eu")) is None
