"""TLS contexts for probes, each made once and again when its files change."""

import asyncio
import ssl
from pathlib import Path
from typing import Final

from sightline.adapters.network.failure import Failure
from sightline.adapters.network.trust import system_bundle
from sightline.domain.probes.options import TlsTrust
from sightline.domain.probes.outcome import Reason

MAX_CONTEXTS: Final = 64
"""That are kept: each holds the authorities that it trusts, about half a megabyte."""

_Key = tuple[TlsTrust, tuple[int, ...]]


class Contexts:
    """Makes and keeps them: to read all the authorities that a machine trusts takes 20 ms."""

    def __init__(self) -> None:
        self._made: dict[_Key, ssl.SSLContext] = {}
        self._one_at_a_time = asyncio.Lock()

    async def of(self, trust: TlsTrust) -> ssl.SSLContext:
        """The context for this trust, its server_name left aside.

        Raises:
            Failure: a file cannot be read, or does not hold what it should.
        """
        trust = TlsTrust(verify=trust.verify, ca_file=trust.ca_file, cert_file=trust.cert_file, key_file=trust.key_file)
        key = (trust, _changed(trust))
        found = self._made.get(key)
        if found is None:
            async with self._one_at_a_time:  # many probes may begin at once
                found = self._made.get(key) or await self._make(key)
        return found

    async def _make(self, key: _Key) -> ssl.SSLContext:
        made = await asyncio.to_thread(_context, key[0])
        while len(self._made) >= MAX_CONTEXTS:
            del self._made[next(iter(self._made))]
        self._made[key] = made
        return made


def _files(trust: TlsTrust) -> tuple[str, ...]:
    return tuple(one for one in (trust.ca_file, trust.cert_file, trust.key_file) if one)


def _changed(trust: TlsTrust) -> tuple[int, ...]:
    try:
        return tuple(Path(one).stat().st_mtime_ns for one in _files(trust))
    except (OSError, ValueError):
        return ()


def _context(trust: TlsTrust) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=trust.ca_file or system_bundle() or None)
        if not trust.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if trust.cert_file:
            # Without a password given, the library would ask for one on the terminal.
            context.load_cert_chain(trust.cert_file, trust.key_file or None, password="")
    except (OSError, ValueError) as error:  # SSLError is an OSError
        said = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
        files = ", ".join(_files(trust))
        raise Failure(Reason.BAD_TARGET, f"{files} cannot be used for TLS on the probing machine: {said}") from None
    return context
