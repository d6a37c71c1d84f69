"""How the machine is configured to look names up.

Sources: resolv.conf(5), hosts(5), nsswitch.conf(5).
"""

from pathlib import Path
from typing import Final

_LOOK: Final = 5.0
"""Seconds after which files are looked at again."""
_MAX_SEARCHED: Final = 6
_SCOPE: Final = 3
"""The place of an address's scope in a line of /proc/net/if_inet6; 00 is global."""
_OWN_SOURCES: Final = frozenset({"files", "dns"})


class ResolverFiles:
    """What the files say, read again when they change.

    servers: name servers in order. hosts: addresses by name in small letters, IPv6 first. search, ndots: which domains are
    appended to names with fewer dots. has_other_sources: whether names come from elsewhere too. has_ipv6: whether this machine has
    an IPv6 address that is good for anything.
    """

    def __init__(self, folder: Path = Path("/etc"), interfaces: Path = Path("/proc/net/if_inet6")) -> None:
        self._interfaces = interfaces
        self._paths = [folder / name for name in ("resolv.conf", "hosts", "nsswitch.conf")]
        self._looked: float | None = None
        self._stamps: list[tuple[int, int] | None] = []
        self.servers: tuple[tuple[str, int], ...] = ()
        self.hosts: dict[str, tuple[str, ...]] = {}
        self.search: tuple[str, ...] = ()
        self.ndots = 1
        self.has_other_sources = False
        self.has_ipv6 = False

    def look(self, now: float) -> None:
        """See whether anything changed. now: monotonic, in seconds."""
        if self._looked is not None and now < self._looked + _LOOK:
            return
        self._looked = now
        self.has_ipv6 = _has_ipv6(_words(self._interfaces))
        stamps = [_stamp(path) for path in self._paths]
        if stamps != self._stamps:
            self._stamps = stamps
            resolv, hosts, nsswitch = (_words(path) for path in self._paths)
            self._read_resolv(resolv)
            self.hosts = _hosts(hosts)
            sources = [word for words in nsswitch if words[0] == "hosts:" for word in words[1:] if word[0] != "["]
            self.has_other_sources = not _OWN_SOURCES.issuperset(sources)

    def candidates(self, host: str) -> list[str]:
        """The names that are asked for one after another for a host as people write it."""
        if host.endswith(".") or not self.search:
            return [host]
        longer = [f"{host}.{domain}" for domain in self.search]
        return [host, *longer] if host.count(".") >= self.ndots else [*longer, host]

    def _read_resolv(self, lines: list[list[str]]) -> None:
        self.servers, self.search, self.ndots = (), (), 1
        for key, *values in lines:
            if key == "nameserver" and values:
                self.servers += ((values[0], 53),)
            elif key in {"search", "domain"}:
                self.search = tuple(value.strip(".") for value in values[:_MAX_SEARCHED] if value.strip("."))
            elif key == "options":
                given = [value.removeprefix("ndots:") for value in values if value.startswith("ndots:")]
                self.ndots = next((int(value) for value in given if value.isdecimal()), self.ndots)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino


def _words(path: Path) -> list[list[str]]:
    """The words of each line that says something."""
    try:
        text = path.read_text("utf-8", "replace")
    except OSError:
        return []
    lines = (line.partition("#")[0].partition(";")[0].split() for line in text.splitlines())
    return [words for words in lines if words]


def _hosts(lines: list[list[str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for address, *names in lines:
        for name in names:
            known = found.get(name.lower(), ())
            if address not in known:
                found[name.lower()] = (address, *known) if ":" in address else (*known, address)
    return found


def _has_ipv6(lines: list[list[str]]) -> bool:
    """Whether an interface has an address that is good beyond its own wire. lines: of /proc/net/if_inet6."""
    return any(len(words) > _SCOPE and words[_SCOPE] == "00" for words in lines)
