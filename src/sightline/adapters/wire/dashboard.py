"""Dashboards as JSON and YAML text."""

from typing import Any, Final

import msgspec
import yaml

from sightline.adapters.wire.yaml_tree import read_tree
from sightline.domain.dashboards.dashboard import Dashboard, PanelKind, PanelUnit
from sightline.domain.errors import BadData, MalformedBody

MAX_BYTES: Final = 1 << 20
"""Of one dashboard's text."""


def from_json(text: bytes) -> Dashboard:
    """Read a JSON document.

    Raises:
        MalformedBody: not JSON, or a field that is missing, unknown or of another type.
    """
    try:
        return msgspec.json.decode(text, type=Dashboard)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _no_dashboard(error) from None


def from_yaml(text: bytes) -> Dashboard:
    """Read a YAML document.

    Raises:
        MalformedBody: not YAML, or a field that is missing, unknown or of another type.
    """
    try:
        read_tree(text)  # which bounds what references unfold to
        return msgspec.convert(yaml.safe_load(text), Dashboard)
    except (BadData, yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise _no_dashboard(error) from None


def to_json(dashboard: Dashboard) -> bytes:
    """The JSON document; the same dashboard is always the same bytes."""
    return msgspec.json.encode(dashboard, order="deterministic")


def to_yaml(dashboard: Dashboard) -> bytes:
    """The YAML document, without what is left at its default."""
    return yaml.safe_dump(least(dashboard), sort_keys=False, allow_unicode=True, width=120).encode()


def least(dashboard: Dashboard) -> dict[str, Any]:
    """The object of a dashboard, without what is left at its default."""
    found: dict[str, Any] = _lean(msgspec.to_builtins(dashboard))
    return found


def _lean(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {name: _lean(value) for name, value in tree.items() if not _is_default(name, value)}
    if isinstance(tree, list | tuple):
        return [_lean(one) for one in tree]
    return tree


def _is_default(name: str, value: Any) -> bool:
    return value is None or value in ("", [], (), False) or (name, value) in _DEFAULTS


_DEFAULTS: Final = (("kind", "chart"), ("unit", "auto"), ("width", 6), ("height", 0))


_CHOICES: Final = {"kind": PanelKind, "unit": PanelUnit}


def _no_dashboard(error: Exception) -> MalformedBody:
    """What is wrong, after the place where it is: `panels[0].kind: invalid enum value 'pie'; there are chart, stat, table`."""
    what, _, place = " ".join(str(error).split())[:500].partition(" - at `$.")
    if not place:
        return MalformedBody(f"this is not a dashboard: {what}")
    place = place.rstrip("`")
    choices = _CHOICES.get(place.rpartition(".")[2], ()) if "enum value" in what else ()
    known = f"; there are {', '.join(choices)}" if choices else ""
    return MalformedBody(f"{place}: {what[:1].lower()}{what[1:]}{known}")
