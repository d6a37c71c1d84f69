"""Dashboards as text."""

import re
from pathlib import Path
from typing import Final

import pytest

from sightline.adapters.wire.dashboard import from_json, from_yaml, to_json, to_yaml
from sightline.domain.dashboards.dashboard import Dashboard, check
from sightline.domain.dashboards.ready_made import READY_MADE
from sightline.domain.errors import MalformedBody

GUIDE: Final = Path(__file__).parents[3] / "docs" / "guide" / "dashboards.md"


@pytest.mark.parametrize("dashboard", READY_MADE, ids=lambda one: one.name)
def test_a_dashboard_survives_json_and_yaml(dashboard: Dashboard) -> None:
    """What was written is read back the same, in both formats."""
    assert from_json(to_json(dashboard)) == dashboard
    assert from_yaml(to_yaml(dashboard)) == dashboard


def test_the_guides_example_can_be_shown() -> None:
    """The YAML that the guide shows is a dashboard as it stands."""
    example = re.search(r"```yaml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    dashboard = from_yaml(example[1].encode())
    check(dashboard)
    assert (dashboard.name, len(dashboard.panels)) == ("web-shop", 3)


@pytest.mark.parametrize(
    ("panel", "problem"),
    [
        (
            "{title: P, kind: pie, queries: []}",
            "panels[0].kind: invalid enum value 'pie'; there are chart, stat, table",
        ),
        ("{title: P, quieries: []}", "panels[0]: object contains unknown field `quieries`"),
        ("{title: 5, queries: []}", "panels[0].title: expected `str`, got `int`"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_the_choices(panel: str, problem: str) -> None:
    """The message begins with the field, and names what could stand there where that is a short list."""
    with pytest.raises(MalformedBody) as refused:
        from_yaml(f"name: a\ntitle: A\npanels: [{panel}]\n".encode())
    assert refused.value.message == problem


def test_panels_may_share_what_an_anchor_names() -> None:
    """Merge keys bring fields of another panel."""
    text = b"name: a\ntitle: A\npanels:\n- &p {title: P, width: 3, queries: [{expr: up}]}\n- {<<: *p, title: Q}\n"
    dashboard = from_yaml(text)
    assert [(panel.title, panel.width) for panel in dashboard.panels] == [("P", 3), ("Q", 3)]
    assert dashboard.panels[0].queries == dashboard.panels[1].queries


def test_references_do_not_unfold_without_end() -> None:
    """A few lines that stand for gigabytes are refused."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 15)]
    with pytest.raises(MalformedBody, match="aliases repeat more than 100000 values"):
        from_yaml("\n".join(lines).encode())
