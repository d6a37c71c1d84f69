"""Dashboards in files: what is said of patterns."""

from pathlib import Path

import pytest

from sightline.adapters.outbound.files.dashboards import DashboardFiles

pytestmark = pytest.mark.anyio


async def test_a_path_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    """A folder or a file that is not there is a problem that names it; an empty folder is none."""
    (tmp_path / "empty").mkdir()
    found = await DashboardFiles(
        [f"{tmp_path}/empty/*.yaml", f"{tmp_path}/gone/*.yaml", f"{tmp_path}/gone.yaml"]
    ).read()
    assert found.problems == (
        f"dashboards.files: {tmp_path}/gone/*.yaml: there is no {tmp_path}/gone",
        f"dashboards.files: {tmp_path}/gone.yaml: there is no {tmp_path}/gone.yaml",
    )
