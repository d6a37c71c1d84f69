"""Where Alertmanager's API is spoken, and in which words a request there is refused."""

from http import HTTPStatus
from typing import Final

import msgspec

from sightline.adapters.inbound.http.errors import Refusal, Shape

BENEATH: Final = "/alertmanager"
"""What the API is found beneath too, for programs that are given the address of an Alertmanager with a path."""
ROOTS: Final = tuple(f"{beneath}/api/v2" for beneath in ("", BENEATH))
STATUS: Final = "/api/v2/status"
"""At the root alone, for whoever answers it beneath /alertmanager is another product to Grafana
(docs/adr/0020-alertmanager-status.md)."""
HEALTHY: Final = f"{BENEATH}/-/healthy"
READY: Final = f"{BENEATH}/-/ready"
OPEN: Final = frozenset({HEALTHY, READY})
"""Paths that need no token."""
PREFIXES: Final = (STATUS, *(f"{root}/{name}" for root in ROOTS for name in ("alerts", "receivers", "silence")))
"""How the paths begin whose refusals are in the words of this protocol."""

_FORM: Final = frozenset({"body_malformed", "field_invalid"})


def _body(refused: Refusal) -> bytes:
    """A text where a request says what cannot be; an object with a number where it cannot be read, or leads nowhere."""
    if refused.status is HTTPStatus.BAD_REQUEST and refused.code not in _FORM:
        return msgspec.json.encode(refused.message)
    return numbered(refused.status.value, refused.message)


def numbered(number: int, message: str) -> bytes:
    """An error as an object."""
    return msgspec.json.encode({"code": number, "message": message})


SHAPE: Final = Shape("AlertmanagerError", _body)
"""The shape of a refusal."""
