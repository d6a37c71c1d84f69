"""A configuration file of Alertmanager as it is shown: without secrets."""

import re
from collections.abc import Iterable
from typing import Any, Final

import yaml

from sightline.domain.alerts.alertmanager import AlertmanagerConfig
from sightline.domain.alerts.receiver import Option, Secret
from sightline.domain.alerts.route import Route
from sightline.domain.timerange import format_duration

SHOWN: Final = "<secret>"
"""What stands in a secret's place, as in Alertmanager."""
# Scheme, and host with port; before the host may stand who asks there.
_ADDRESS: Final = re.compile(r"(https?://)(?:[^/?#]*@)?([^/?#@]+)")


def without_secrets(text: str, config: AlertmanagerConfig) -> str:
    """A file's YAML with every value masked that its configuration has for a secret."""
    every = [
        option
        for receiver in config.receivers.values()
        for one in receiver.deliveries
        for option in one.options.values()
    ]
    secrets = frozenset(_secrets([*every, *config.settings.values()]))
    return yaml.safe_dump(_masked(yaml.safe_load(text), secrets), sort_keys=False, allow_unicode=True)


def plain_config(route: Route, receivers: Iterable[str]) -> str:
    """The YAML that says the same as one route without others."""
    said = {
        "route": {
            "receiver": route.receiver,
            **({"group_by": list(route.group_by)} if route.group_by else {}),
            "group_wait": format_duration(route.group_wait),
            "group_interval": format_duration(route.group_interval),
            "repeat_interval": format_duration(route.repeat_interval),
        },
        "receivers": [{"name": name} for name in receivers],
    }
    return yaml.safe_dump(said, sort_keys=False)


def _secrets(options: Iterable[Option]) -> Iterable[str]:
    for option in options:
        if isinstance(option, Secret):
            yield option.reveal()
        elif isinstance(option, dict):
            yield from _secrets(option.values())
        elif isinstance(option, tuple | list):
            yield from _secrets(option)


def _masked(value: Any, secrets: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {key: _masked(one, secrets) for key, one in value.items()}
    if isinstance(value, list):
        return [_masked(one, secrets) for one in value]
    return _mask(str(value)) if str(value) in secrets else value


def _mask(secret: str) -> str:
    """What is shown for a secret: of an address where it leads, for amtool wants an address there."""
    address = _ADDRESS.match(secret)
    return f"{address[1]}{address[2]}/{SHOWN}" if address else SHOWN
