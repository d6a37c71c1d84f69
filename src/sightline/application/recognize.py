"""Recognize who pings: by a check's token, or by the slug of a check of the tenant that a ping key is for."""

import hmac
import re
import uuid
from hashlib import blake2b
from typing import Final, Generic, TypeVar

from sightline.domain.probes.check import Check
from sightline.domain.probes.options import Heartbeat
from sightline.domain.tenancy import Tenant

_Value = TypeVar("_Value")

_NOT_IN_SLUGS: Final = re.compile(r"[^a-z0-9_-]+")
_NOT_IN_KEYS: Final = re.compile(r"[/_,. #+&]")
MAX_SECRET: Final = 200
"""Characters that are looked at; a longer one is nobody's."""


class Secrets(Generic[_Value]):
    """Values by secrets. How long a look takes tells nothing of a secret: what is looked up is a keyed hash of it."""

    def __init__(self) -> None:
        self._key = uuid.uuid4().bytes
        self._values: dict[bytes, tuple[bytes, _Value]] = {}

    def put(self, secret: str, value: _Value) -> bool:
        """Keep a value; false where the secret is known already, whose value stays."""
        raw = secret.encode()
        return self._values.setdefault(self._digest(raw), (raw, value))[1] is value

    def remove(self, secret: str) -> None:
        """Forget a secret, where it is known."""
        self._values.pop(self._digest(secret.encode()), None)

    def find(self, secret: str) -> _Value | None:
        """The value of a secret."""
        if not secret or len(secret) > MAX_SECRET:
            return None
        raw = secret.encode(errors="replace")
        found = self._values.get(self._digest(raw))
        return found[1] if found is not None and hmac.compare_digest(found[0], raw) else None

    def _digest(self, raw: bytes) -> bytes:
        return blake2b(raw, key=self._key, digest_size=16).digest()


class Recognize:
    """Heartbeats by what their senders know of them."""

    def __init__(self) -> None:
        self._tokens: Secrets[int] = Secrets()
        self._slugs: dict[tuple[Tenant, str], set[int]] = {}
        self._checks: dict[int, tuple[Tenant, Check]] = {}

    def follow(self, tenant: Tenant, check: Check, options: Heartbeat) -> None:
        """Know a heartbeat as it is now."""
        self.forget(check.id)
        self._checks[check.id] = tenant, check
        self._slugs.setdefault((tenant, slug_of(check)), set()).add(check.id)
        if options.token:
            self._tokens.put(options.token, check.id)

    def forget(self, check_id: int) -> None:
        """Know it no more."""
        known = self._checks.pop(check_id, None)
        if known is None:
            return
        tenant, check = known
        of_slug = self._slugs[tenant, slug_of(check)]
        of_slug.discard(check_id)
        if not of_slug:
            del self._slugs[tenant, slug_of(check)]
        options = check.definition.options
        if isinstance(options, Heartbeat) and self._tokens.find(options.token) == check_id:
            self._tokens.remove(options.token)

    def by_token(self, token: str) -> tuple[Tenant, Check] | None:
        """The heartbeat of a token."""
        found = self._tokens.find(token)
        return None if found is None else self._checks[found]

    def by_slug(self, tenant: Tenant, slug: str) -> list[Check]:
        """A tenant's heartbeats of that slug, in order of id."""
        return [self._checks[one][1] for one in sorted(self._slugs.get((tenant, slug), ()))]


def slug_of(check: Check) -> str:
    """What a heartbeat is called in addresses."""
    options = check.definition.options
    given = options.slug if isinstance(options, Heartbeat) else ""
    return given or _NOT_IN_SLUGS.sub("-", check.name.lower()).strip("-")[:100]


def endpoint_key(check: Check) -> str:
    """What Gatus calls an endpoint: its group and its name, without what has a meaning in addresses."""
    return f"{_NOT_IN_KEYS.sub('-', check.definition.group.lower())}_{_NOT_IN_KEYS.sub('-', check.name.lower())}"
