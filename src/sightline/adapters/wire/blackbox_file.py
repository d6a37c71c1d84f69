"""Checks out of blackbox_exporter's modules and the targets that are probed by them.

Source: https://github.com/prometheus/blackbox_exporter/blob/master/CONFIGURATION.md. Targets stand in the same file, under
`targets` by the name of their module, or under `scrape_configs` as Prometheus has them.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sightline.adapters.wire import blackbox_modules as modules
from sightline.adapters.wire.blackbox_modules import Module
from sightline.adapters.wire.imported_checks import Imported, Importing
from sightline.adapters.wire.plain_yaml import read_plain
from sightline.domain.errors import BadData
from sightline.domain.timerange import format_duration, parse_duration

_FILE: Final = frozenset({"modules", "targets", "scrape_configs", "global"})
_READ: Final = {
    "http": modules.http,
    "tcp": modules.tcp,
    "dns": modules.dns,
    "icmp": modules.icmp,
    "grpc": modules.grpc,
}
_TIMEOUT: Final = 9_500
"""What blackbox_exporter has left of Prometheus' 10 s."""
_MINUTE: Final = 60_000


def read_blackbox(text: bytes) -> Imported:
    """Read a file of modules, and the targets beside them.

    Raises:
        BadData: no YAML, or one without modules or targets; place in front.
    """
    found = read_plain(text)
    if not isinstance(found, dict) or not isinstance(found.get("modules"), dict):
        raise BadData("modules are missing: this is no file of blackbox_exporter's modules")
    if not found.get("targets") and not found.get("scrape_configs"):
        message = "targets are missing: add them to the file by module, as `targets: {http_2xx: [https://example.org]}`"
        raise BadData(f"{message}, or Prometheus' scrape_configs that name them")
    return _File(found).read()


class _File:
    """Reads one."""

    def __init__(self, found: Mapping[str, Any]) -> None:
        self._into = Importing()
        self._found = found
        self._modules: Mapping[str, Any] = found["modules"]

    def read(self) -> Imported:
        used = set[str]()
        for module, target, interval, tags, path in self._targets():
            used.add(module)
            self._check(module, target, interval, tags, path)
        for name in self._modules:
            if name not in used:
                self._into.tell(f"modules.{name}", "no target is probed by it: nothing to import")
        for name in self._found:
            if name not in _FILE:
                self._into.tell(str(name), "it has no place here")
        return self._into.result()

    def _targets(self) -> Iterator[tuple[str, str, int, dict[str, str], str]]:
        """The module, the target, ms between probes, tags and where it stands."""
        targets = self._found.get("targets") or {}
        if not isinstance(targets, dict):
            self._into.tell("targets", "they are lists by the names of modules")
            targets = {}
        for module, listed in targets.items():
            for number, one in enumerate(listed if isinstance(listed, list) else [listed]):
                yield str(module), str(one), _MINUTE, {}, f"targets.{module}[{number}]"
        for number, job in enumerate(self._found.get("scrape_configs") or []):
            if isinstance(job, dict):
                yield from self._job(job, f"scrape_configs[{number}]")

    def _job(self, job: Mapping[str, Any], path: str) -> Iterator[tuple[str, str, int, dict[str, str], str]]:
        params = job.get("params")
        named = params.get("module") if isinstance(params, dict) else None
        if not isinstance(named, list) or not named:
            self._into.tell(path, "it names no module under params: not imported")
            return
        usual = self._found.get("global")
        interval = job.get("scrape_interval") or (usual.get("scrape_interval") if isinstance(usual, dict) else None)
        every = parse_duration(str(interval)) if interval else _MINUTE
        for key in job:
            if str(key).endswith("_sd_configs"):
                self._into.tell(f"{path}.{key}", "targets that are discovered are not known here: list them")
        for number, group in enumerate(job.get("static_configs") or []):
            place = f"{path}.static_configs[{number}]"
            labels = group.get("labels") if isinstance(group, dict) else None
            pairs = labels.items() if isinstance(labels, dict) else ()
            tags = dict(self._into.label(str(name), str(value), f"{place}.labels") for name, value in pairs)
            listed = group.get("targets") if isinstance(group, dict) else None
            for index, one in enumerate(listed if isinstance(listed, list) else []):
                yield str(named[0]), str(one), every, tags, f"{place}.targets[{index}]"

    def _check(self, name: str, target: str, interval: int, tags: dict[str, str], path: str) -> None:
        written = self._modules.get(name)
        if not isinstance(written, dict):
            self._into.tell(path, f"there is no module {name[:60]!r}")
            return
        prober = str(written.get("prober") or "")
        read = _READ.get(prober)
        if read is None:
            self._into.tell(f"modules.{name}", f"the prober {prober!r} is not known here: {', '.join(_READ)} are")
            return
        settings = written.get(prober)
        module = Module(settings if isinstance(settings, dict) else {}, f"modules.{name}.{prober}", self._into)
        try:
            timeout = parse_duration(str(written["timeout"])) if written.get("timeout") else _TIMEOUT
            value = read(module, target)
        except BadData as error:
            self._into.tell(path, f"not imported: {error.message}")
            return
        module.tell_unread()
        several = len(self._modules) > 1
        self._into.add(
            {
                "name": self._into.name(target, f"{target} ({name})" if several else ""),
                "interval": format_duration(max(interval, 1_000)),
                "timeout": format_duration(min(timeout, interval)),
                "tags": tags,
                **value,
            },
            path,
        )
