"""Which threshold holds for which container."""

import pytest

from sightline.domain.containers.thresholds import CPU_LABEL, Thresholds, parse_threshold
from sightline.domain.errors import BadData, SettingsInvalid

SETTING = "containers.cpu_thresholds"


def cpu(*entries: str) -> Thresholds:
    """CPU thresholds with a default of 90."""
    return Thresholds.of(CPU_LABEL, 90.0, entries, SETTING)


def test_the_default_holds_for_whoever_says_nothing() -> None:
    """No entry, no label: the default."""
    found = cpu().threshold("web-1", {"other": "1"})
    assert (found.percent, found.problem) == (90.0, "")


def test_a_container_may_set_its_own_by_a_label() -> None:
    """The label's percentage holds, with or without a percent sign, and `off` switches the alert off."""
    percents = [cpu().threshold("web-1", {CPU_LABEL: text}).percent for text in ("50", " 12.5 % ", "off", "OFF", "100")]
    assert percents == [50.0, 12.5, None, None, 100.0]


def test_a_name_in_the_settings_wins_over_the_label() -> None:
    """Whoever runs the program has the last word; the first pattern that matches counts."""
    thresholds = cpu("web-1=30", "web-*=50", "batch?=off")
    labels = {CPU_LABEL: "70"}
    names = ["web-1", "web-2", "batch7", "batch12", "xweb-1", "web.1"]
    assert [thresholds.threshold(name, labels).percent for name in names] == [30.0, 50.0, None, 70.0, 70.0, 70.0]


def test_a_name_may_hold_an_equals_sign() -> None:
    """The last one separates."""
    assert cpu("a=b=20").threshold("a=b", {}).percent == 20.0


@pytest.mark.parametrize("text", ["", "much", "-5", "0", "101", "nan", "1e2", "5 0", "\u0665"])
def test_a_label_that_is_no_threshold_is_told_and_not_used(text: str) -> None:
    """The default holds, and the problem names the label (an empty one is no label)."""
    found = cpu().threshold("web-1", {CPU_LABEL: text})
    assert found.percent == 90.0
    assert (CPU_LABEL in found.problem) is bool(text)
    with pytest.raises(BadData, match="no threshold"):
        parse_threshold(text)


@pytest.mark.parametrize("entry", ["web", "=50", "web=", "web=lots", "web=0", " =1"])
def test_an_entry_that_is_none_is_refused_with_its_setting(entry: str) -> None:
    """At start, with the key and the form that is wanted."""
    with pytest.raises(SettingsInvalid, match=SETTING):
        cpu(entry)
