"""A configuration file of Alertmanager as it is shown: without secrets."""

import re
from collections.abc import Iterable
from typing import Final

import yaml

from sightline.domain.alerts.alertmanager import AlertmanagerConfig
from sightline.domain.alerts.receiver import Option, Secret
from sightline.domain.alerts.route import Route
from sightline.domain.timerange import format_duration

SHOWN: Final = "<secret>"
"""What stands in a secret's place, as in Alertmanager."""
# Scheme, and host with port; before the host may stand who asks there.
_ADDRESS: Final = re.compile(r"(https?://)(?:[^/?#]*@)?([^/?#@]+)")
_PASSWORD: Final = re.compile(r"(https?://[^/?#@:\s]*):[^/?#@\s]*@")
_TEXT: Final = "tag:yaml.org,2002:str"


def without_secrets(text: str, config: AlertmanagerConfig) -> str:
    """A file's YAML with every value masked that its configuration has for a secret, and every password in an address."""
    every = [
        option
        for receiver in config.receivers.values()
        for one in receiver.deliveries
        for option in one.options.values()
    ]
    secrets = frozenset(_secrets([*every, *config.settings.values()]))
    loader = yaml.SafeLoader(text)
    try:
        root = loader.get_single_node()
        if root is not None:
            _mask_beneath(root, secrets)
        shown = None if root is None else loader.construct_document(root)
    finally:
        loader.dispose()
    return yaml.safe_dump(shown, sort_keys=False, allow_unicode=True)


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


def _mask_beneath(root: yaml.Node, secrets: frozenset[str]) -> None:
    """Mask values as they are written: what YAML makes of `0123` or `yes` is no longer what the configuration has for a secret."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            shown = _mask(node.value) if node.value in secrets else _PASSWORD.sub(r"\1:xxxxx@", node.value)
            if shown != node.value:
                node.value, node.tag = shown, _TEXT
        elif isinstance(node, yaml.MappingNode):
            waiting += (value for _, value in node.value)
        else:
            waiting += node.value


def _mask(secret: str) -> str:
    """What is shown for a secret: of an address where it leads, for amtool wants an address there."""
    address = _ADDRESS.match(secret)
    return f"{address[1]}{address[2]}/{SHOWN}" if address else SHOWN
