"""Under which address callers reach us."""

from sightline.adapters.inbound.http.asgi import Scope, header
from sightline.adapters.inbound.http.settings import DoorSettings


def site_of(scope: Scope, settings: DoorSettings) -> str:
    """The address that settings name, or else the one that a request came by; without a slash at the end."""
    if settings.external_url:
        return settings.external_url.rstrip("/")
    return f"{scope.get('scheme', 'http')}://{header(scope, b'host') or settings.host}"
