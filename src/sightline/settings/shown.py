"""Settings as values that people and programs can look at."""

from functools import reduce
from typing import Any

import msgspec

from sightline.settings.schema import Settings, attribute, keys


def plain(settings: Settings) -> dict[str, Any]:
    """Every setting by its dotted key, in the order of the classes, as text, number, truth value or list; `scrape` is a list.

    Secrets are in it.
    """
    shown = {
        key.name: _native(reduce(getattr, map(attribute, key.name.split(".")), settings)) for key in keys(settings)
    }
    return {**shown, "scrape": msgspec.to_builtins(settings.scrape)}


def _native(value: Any) -> Any:
    if isinstance(value, tuple):
        return [str(one) for one in value]
    # Durations and sizes are numbers too, but are written as text.
    return value if value is None or type(value) in {bool, int, float} else str(value)
