"""The dashboards that come with the program."""

import pytest

from sightline.domain.dashboards.dashboard import Dashboard, check
from sightline.domain.dashboards.ready_made import READY_MADE


@pytest.mark.parametrize("dashboard", READY_MADE, ids=lambda one: one.name)
def test_each_could_be_shown(dashboard: Dashboard) -> None:
    """It passes the check that saved dashboards pass, and its rows fill the page's width."""
    check(dashboard)
    column = 0
    for panel in dashboard.panels:
        assert column + panel.width <= 12
        column = (column + panel.width) % 12
    assert column == 0
