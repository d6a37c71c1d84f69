"""The build hook: every wheel, sdist and editable install of Sightline carries the built web UI."""

from __future__ import annotations

import pathlib
import sys
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "scripts"))  # hatchling loads this file by its path

import webui


class WebUiHook(BuildHookInterface[Any]):
    """Puts the built UI where the package takes it from."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:  # type: ignore[explicit-override]
        """What the build needs beyond hatchling: Node, where there is something to build and the machine has none."""
        return [] if webui.is_built() or webui.node_on_path() else [webui.NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # type: ignore[explicit-override]  # noqa: ARG002 (hatchling's names)
        """Build the UI unless it is there already; pyproject.toml declares it as an artifact."""
        try:
            webui.build()
        except webui.WebBuildError as error:
            sys.exit(f"sightline: the web UI could not be built: {error}")
