"""Read again and stop, when somebody asks by HTTP: PUT or POST /-/reload and /-/quit, where `http.lifecycle` allows it."""

from typing import Any, Final

from litestar import Response, route
from litestar.handlers import HTTPRouteHandler

from sightline.adapters.inbound.http.errors import Refusal
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.domain.errors import Forbidden, SightlineError

_TEXT: Final = "text/plain"
_OFF: Final = "Lifecycle API is not enabled. Start with --set http.lifecycle=true to enable it."


def routes(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    """All handlers of this file."""

    def require_enabled() -> None:
        if not settings.lifecycle:
            raise Forbidden(_OFF)

    @route("/-/reload", http_method=["PUT", "POST"], status_code=200)
    async def reload() -> Response[Any]:
        require_enabled()
        try:
            await use_cases.reload()
        except SightlineError as error:
            refused = Refusal("settings_invalid", f"failed to reload config: {error.message}")
            return Response(refused.body(), status_code=refused.status.value, media_type="application/json")
        return Response("", media_type=_TEXT)

    @route("/-/quit", http_method=["PUT", "POST"], status_code=200)
    async def leave() -> Response[str]:
        require_enabled()
        use_cases.leave()
        return Response("Requesting termination... Goodbye!", media_type=_TEXT)

    return [reload, leave]
