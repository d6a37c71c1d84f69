"""Prometheus' administration of what is stored: delete series, give up the room that they took, and copy it all.

Off unless `http.admin` is set. Source: https://prometheus.io/docs/prometheus/latest/querying/api/#tsdb-admin-apis.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from litestar import Request, Response, route
from litestar.enums import HttpMethod
from litestar.handlers import HTTPRouteHandler

from sightline.adapters.inbound.http.forms import parameters
from sightline.adapters.inbound.http.selectors import selectors
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.domain.errors import AdminDisabled, InvalidParameter
from sightline.domain.labels import Matchers
from sightline.domain.tenancy import Principal
from sightline.domain.timerange import ALL_TIME, TimeRange

Call = Request[Principal, Any, Any]

_METHODS: Final = [HttpMethod.POST, HttpMethod.PUT]


def routes(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    """All handlers of this API."""

    def require_admin() -> None:
        if not settings.admin:
            raise AdminDisabled("admin APIs disabled: set http.admin = true to allow deletes and snapshots")

    @route("/api/v1/admin/tsdb/delete_series", http_method=_METHODS, status_code=204)
    async def delete_series(request: Call) -> None:
        require_admin()
        given = await parameters(request, settings)
        given.required("match[]")
        within = TimeRange(given.time("start", ALL_TIME.start), given.time("end", ALL_TIME.end))
        if within.end < within.start:
            raise InvalidParameter("parameter 'end' must not be before 'start'", parameter="end")
        await use_cases.delete(request.user, _narrow(selectors(given.every("match[]"))), within)

    @route("/api/v1/admin/tsdb/clean_tombstones", http_method=_METHODS, status_code=204)
    async def clean_tombstones() -> None:
        require_admin()
        await use_cases.delete.clean()

    @route("/api/v1/admin/tsdb/snapshot", http_method=_METHODS, status_code=200)
    async def snapshot(request: Call) -> Response[bytes]:
        require_admin()
        given = await parameters(request, settings)
        name = await use_cases.snapshot(skip_head=given.truth("skip_head"))
        return Response(
            msgspec.json.encode({"status": "success", "data": {"name": name}}), media_type="application/json"
        )

    return [delete_series, clean_tombstones, snapshot]


def _narrow(matcher_sets: Sequence[Matchers]) -> Sequence[Matchers]:
    """The sets, none of which every series satisfies, were it without labels."""
    for matchers in matcher_sets:
        if all(one.matches_empty for one in matchers):
            raise InvalidParameter("match[] must contain at least one non-empty matcher", parameter="match[]")
    return matcher_sets
