"""The door: is the port free, who answers there, how does the program feel, and does it know our token."""

import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from operator import itemgetter
from typing import Any, Final

from sightline import __version__
from sightline.adapters.inbound.cli.asking import Answer, Asking, get
from sightline.adapters.inbound.cli.doctor.finding import Finding, fail, ok, warn
from sightline.adapters.inbound.cli.program import Ended, Exit

PATIENCE: Final = 5.0
"""Seconds to wait for an answer."""
_SKEW_SECONDS: Final = 5.0
_SHOWN_TARGETS: Final = 3


def reach(asking: Asking, path: str) -> Answer | None:
    """The answer to a GET; None when there is none."""
    try:
        return get(asking, path, timeout=PATIENCE)
    except Ended as end:
        if end.code is Exit.USAGE:
            raise
        return None


def check_door(asking: Asking, listen: str | None, health: Answer | None, now: float) -> Iterator[Finding]:
    """Look at the address. health: what /health answered; now: seconds since 1970, when it did."""
    if health is None:
        yield _silent(asking, listen)
        return
    said = tree(health)
    if not is_ours(said):
        remedy = "Stop that program, or let Sightline listen elsewhere: --listen 127.0.0.1:8081"
        yield fail("door", f"something other than Sightline answers at {asking.url} (HTTP {health.status})", remedy)
        return
    yield _version(asking, str(said.get("version", "")))
    if not said.get("ready"):
        yield warn("readiness", "it is starting or stopping", "Wait a moment, then look again.")
    for check in sorted(said["checks"], key=itemgetter("name")):
        how = str(check["message"])
        yield ok(check["name"], "ok") if how == "ok" else fail(check["name"], how, "Its log says more: --log FILE")
    yield from _skew(health, now)
    yield from _token(asking)
    yield from _targets(asking)


def is_ours(health: dict[str, Any]) -> bool:
    """Whether Sightline said this of its health."""
    return health.get("name") == "sightline" and isinstance(health.get("checks"), list)


def tree(answer: Answer | None) -> dict[str, Any]:
    """The JSON object of an answer; empty when there is none."""
    with suppress(ValueError, RecursionError):
        found = json.loads(answer.body) if answer is not None else None
        if isinstance(found, dict):
            return found
    return {}


def _silent(asking: Asking, listen: str | None) -> Finding:
    if listen is None:
        remedy = "Is it running there? Without --url, the address of the settings is looked at."
        return fail("door", f"nobody answers at {asking.url}", remedy)
    host, _, port = listen.rpartition(":")
    if not port.isdecimal() or not host:
        return fail("door", f"listen = {listen} is no address and port", "Write for example listen = 127.0.0.1:8080")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        remedy = "Stop what uses it (ss -ltnp shows what), or let Sightline listen elsewhere with --listen."
        return fail("door", f"nobody answers at {asking.url}, and {listen} cannot be listened on: {reason}", remedy)
    return ok("door", f"{listen} is free; Sightline does not run there. Start it with: sightline serve")


def _version(asking: Asking, version: str) -> Finding:
    said = f"Sightline {version} answers at {asking.url}"
    if version == __version__:
        return ok("door", said)
    return warn("door", f"{said}; this command is {__version__}", "Restart it, so that what is installed is what runs.")


def _skew(health: Answer, now: float) -> Iterator[Finding]:
    with suppress(ValueError, TypeError):
        ahead = now - parsedate_to_datetime(health.headers["date"]).timestamp()
        if abs(ahead) > _SKEW_SECONDS:
            text = f"this machine's clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} the server's"
            yield warn("clock", text, "Let NTP set both.")
    return


def _token(asking: Asking) -> Iterator[Finding]:
    answer = reach(asking, "/api/v1/status/buildinfo")
    if answer is not None and answer.status != HTTPStatus.OK:
        said = tree(answer).get("error", f"HTTP {answer.status}")
        yield fail("access", str(said), "Give --token-file FILE, the file that http.token_file names.")


def _targets(asking: Asking) -> Iterator[Finding]:
    found = tree(reach(asking, "/api/v1/targets?state=active")).get("data")
    targets = found.get("activeTargets") if isinstance(found, dict) else None
    if not targets:
        return
    down = [one for one in targets if one.get("health") == "down"]
    if not down:
        yield ok("targets", f"{len(targets)} scraped, none down")
        return
    said = "; ".join(f"{one.get('scrapeUrl')}: {one.get('lastError')}" for one in down[:_SHOWN_TARGETS])
    yield warn("targets", f"{len(down)} of {len(targets)} are down: {said}", "sightline targets lists them.")
