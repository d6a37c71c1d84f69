"""Where Healthchecks' management API is spoken, and in which words a request there is refused."""

from typing import Final

import msgspec

from sightline.adapters.inbound.http.errors import Refusal, Shape

PREFIX: Final = "/api/v3/"
"""How its paths begin, where the header X-Api-Key shows a token."""


def _body(refused: Refusal) -> bytes:
    return msgspec.json.encode({"error": refused.message})


SHAPE: Final = Shape("HealthchecksError", _body)
"""The shape of a refusal."""
