"""What of a check's definition is secret: masked where it is shown, and put back where the mask comes back."""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from sightline.adapters.wire.check_urls import split
from sightline.domain.errors import InvalidField
from sightline.domain.probes.check import Definition
from sightline.domain.probes.options import BasicAuth, BearerAuth, Heartbeat
from sightline.domain.probes.secret_names import MASK, PARAMETER, is_secret_name, without_secret_parameters

_USER: Final = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*://)?[^/?#]*@")
_PLAIN: Final = ("password", "token")


def masked(definition: Definition) -> Definition:
    """A definition whose secrets are masks."""
    options = definition.options
    changes: dict[str, Any] = {}
    for name in options.__struct_fields__:
        value = getattr(options, name)
        if name in {"headers", "metadata"} and value:
            changes[name] = {key: MASK if is_secret_name(key) and one else one for key, one in value.items()}
        elif name in _PLAIN and value:
            changes[name] = MASK
        elif name == "proxy" and value:
            changes[name] = masked_url(value)
        elif isinstance(value, BasicAuth):
            changes[name] = BasicAuth(value.username, MASK)
        elif isinstance(value, BearerAuth):
            changes[name] = BearerAuth(MASK)
    shown = msgspec.structs.replace(options, **changes) if changes else options
    return msgspec.structs.replace(definition, url=masked_url(definition.url), options=shown)


def masked_url(url: str) -> str:
    """An address without credentials, and without the values of parameters that are secrets."""
    return without_secret_parameters(_USER.sub(lambda found: f"{found[1] or ''}{MASK}@", url))


def unmasked(definition: Definition, stored: Definition | None) -> Definition:
    """A definition whose masks are again what is stored.

    A heartbeat whose token is not said keeps the one it has. Where the address leads to another host, secrets must be written
    again: nobody learns one by sending it elsewhere.

    Raises:
        InvalidField: there is nothing stored for a mask, or it would be sent elsewhere.
    """
    before = stored if stored is not None and stored.kind == definition.kind else None
    moved = before is not None and _leads_to(before.url) != _leads_to(definition.url)
    keeper = _Keeper(before, moved=moved)
    options = definition.options
    changes: dict[str, Any] = {}
    for name in options.__struct_fields__:
        value, old = getattr(options, name), getattr(before.options, name, None) if before is not None else None
        path = f"options.{name}"
        if name in {"headers", "metadata"}:
            changes[name] = _unmasked_pairs(keeper, value, old or {}, path)
        elif name in _PLAIN:
            # The address of pings is given once: whoever does not say it means the one that is there.
            given = value or old or "" if isinstance(options, Heartbeat) else value
            changes[name] = keeper.kept(given, old, path, leads_away=not isinstance(options, Heartbeat))
        elif name == "proxy":
            changes[name] = _unmasked_url(keeper, value, old or "", path)
        elif isinstance(value, BasicAuth):
            known = old.password if isinstance(old, BasicAuth) and old.username == value.username else None
            changes[name] = BasicAuth(value.username, keeper.kept(value.password, known, f"{path}.password"))
        elif isinstance(value, BearerAuth):
            known = old.token if isinstance(old, BearerAuth) else None
            changes[name] = BearerAuth(keeper.kept(value.token, known, f"{path}.token"))
    url = _unmasked_url(keeper, definition.url, before.url if before is not None else "", "url")
    kept = msgspec.structs.replace(options, **changes) if changes else options
    return msgspec.structs.replace(definition, url=url, options=kept)


class _Keeper:
    """Puts back what is stored."""

    def __init__(self, stored: Definition | None, *, moved: bool) -> None:
        self._stored = stored
        self._moved = moved

    def kept(self, value: str, stored: str | None, path: str, *, leads_away: bool = True) -> str:
        """The value, or where it is a mask what is stored in its place."""
        if value != MASK:
            return value
        if not stored:
            raise InvalidField(f"{path}: {MASK} stands for a secret that is stored, and none is: write it", field=path)
        if self._moved and leads_away:
            raise InvalidField(f"{path}: the address leads to another host: write the secret again", field=path)
        return stored


def _unmasked_pairs(keeper: _Keeper, value: Mapping[str, str], old: Mapping[str, str], path: str) -> dict[str, str]:
    known = {name.lower(): one for name, one in old.items()}
    return {name: keeper.kept(one, known.get(name.lower()), f"{path}.{name}") for name, one in value.items()}


def _unmasked_url(keeper: _Keeper, url: str, stored: str, path: str) -> str:
    parts, before = split(url), split(stored) if stored else None
    if parts is not None and parts.user == MASK:
        user = keeper.kept(MASK, before.user if before is not None else None, path)
        url = url.replace(f"{MASK}@", f"{user}@", 1)
    known = {one[2]: one[3] for one in PARAMETER.finditer(stored)}

    def kept(one: re.Match[str]) -> str:
        return f"{one[1]}{one[2]}={keeper.kept(one[3], known.get(one[2]), path)}" if is_secret_name(one[2]) else one[0]

    return PARAMETER.sub(kept, url)


def _leads_to(url: str) -> tuple[str, str, int | None]:
    parts = split(url)
    return (parts.scheme, parts.host.lower(), parts.port) if parts is not None else ("", url, None)
