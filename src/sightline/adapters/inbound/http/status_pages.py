"""Status pages as people define them: listed, read, saved and deleted, and who is told of them."""

from typing import Any, Final

from litestar import Request, Response, delete, get, post, put
from litestar.handlers import HTTPRouteHandler

from sightline.adapters.inbound.http.asgi import header
from sightline.adapters.inbound.http.json_body import answer, read_json
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.adapters.inbound.http.versions import expected_version
from sightline.adapters.wire.instants import instant_text
from sightline.adapters.wire.status.json import MAX_BYTES, page_from_json, shown_page
from sightline.application.directory import Published
from sightline.domain.errors import InvalidParameter
from sightline.domain.probes.status_page import StatusPage
from sightline.domain.tenancy import Principal

Call = Request[Principal, Any, Any]

PATH: Final = "/api/v1/status-pages"


def routes(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    """All handlers of this API; none where no pages are published."""
    pages = use_cases.pages
    if pages is None:
        return []
    publish, subscribe = pages.publish, pages.subscribe

    async def sent(request: Call) -> StatusPage:
        return page_from_json(await read_json(request, settings, limit=MAX_BYTES, name="of a status page"))

    @get(PATH)
    async def list_all(request: Call) -> Response[bytes]:
        found = await publish.all(request.user)
        return answer({"status_pages": [_whole(one) for one in found]})

    @post(PATH, status_code=201)
    async def create(request: Call) -> Response[bytes]:
        page = await sent(request)
        published = await publish.put(request.user, page, 0)
        return answer(_whole(published), 201, {"Location": f"{PATH}/{page.slug}", "ETag": f'"{published.version}"'})

    @get(f"{PATH}/{{slug:str}}")
    async def read(request: Call) -> Response[bytes]:
        published = await publish.get(request.user, request.path_params["slug"])
        return answer(_whole(published), headers={"ETag": f'"{published.version}"'})

    @put(f"{PATH}/{{slug:str}}", status_code=200)
    async def save(request: Call) -> Response[bytes]:
        scope: Any = request.scope
        expected = expected_version(header(scope, b"if-match"), header(scope, b"if-none-match"), "a status page")
        page = await sent(request)
        slug = request.path_params["slug"]
        if page.slug != slug:
            message = f"slug: the page calls itself {page.slug[:80]!r} and the address {slug[:80]!r}; the two must be the same"
            raise InvalidParameter(message, parameter="slug")
        published = await publish.put(request.user, page, expected)
        return answer(_whole(published), headers={"ETag": f'"{published.version}"'})

    @delete(f"{PATH}/{{slug:str}}", status_code=204)
    async def remove(request: Call) -> None:
        await publish.delete(request.user, request.path_params["slug"])

    @get(f"{PATH}/{{slug:str}}/subscribers")
    async def subscribers(request: Call) -> Response[bytes]:
        found = await subscribe.all(request.user, request.path_params["slug"])
        told = [
            {"id": one.id.partition("/")[2], "channel": one.channel, "to": one.to, "since": instant_text(one.at)}
            for one in found
        ]
        return answer({"subscribers": told})

    @delete(f"{PATH}/{{slug:str}}/subscribers/{{subscriber:str}}", status_code=204)
    async def dismiss(request: Call) -> None:
        slug = request.path_params["slug"]
        await subscribe.remove(request.user, slug, f"{slug}/{request.path_params['subscriber']}")

    return [list_all, create, read, save, remove, subscribers, dismiss]


def _whole(published: Published) -> dict[str, Any]:
    return {**shown_page(published.page), "version": published.version, "path": f"/status/{published.page.slug}"}
