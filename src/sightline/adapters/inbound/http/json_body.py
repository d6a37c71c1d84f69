"""Which request bodies are taken for JSON."""

from typing import Final

from sightline.adapters.inbound.http.asgi import Scope, header
from sightline.domain.errors import UnsupportedMediaType

_MEDIA_TYPE: Final = "application/json"


def check_format(scope: Scope) -> None:
    """Take JSON, and bodies that do not say what they are.

    Raises:
        UnsupportedMediaType: another content type, as that of a web form, which any page could send.
    """
    given = header(scope, b"content-type")
    if given is None or given == _MEDIA_TYPE:
        return
    kind = given.partition(";")[0].strip().lower()
    if kind not in {"", _MEDIA_TYPE} and not (kind.startswith("application/") and kind.endswith("+json")):
        raise UnsupportedMediaType(
            f"Content-Type {given[:80]!r} is not read here: send {_MEDIA_TYPE}; curl does with -H 'Content-Type: {_MEDIA_TYPE}'"
        )
