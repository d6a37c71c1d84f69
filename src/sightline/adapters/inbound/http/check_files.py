"""Checks judged before they are saved, and taken from files of other programs."""

import asyncio
from typing import Any, Final

from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler

from sightline.adapters.inbound.http.json_body import answer, read_json
from sightline.adapters.inbound.http.parameters import Parameters
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.text_bodies import read_text
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.adapters.wire import check as wire
from sightline.adapters.wire.check_secrets import masked
from sightline.adapters.wire.checks_file import read_checks_of
from sightline.adapters.wire.declared import shown_check, write_documents
from sightline.adapters.wire.imported_checks import MAX_BYTES, Imported
from sightline.domain.errors import SightlineError
from sightline.domain.probes.check import Definition
from sightline.domain.tenancy import Principal

Call = Request[Principal, Any, Any]

VALIDATE: Final = "/api/v1/checks/validate"
IMPORT: Final = "/api/v1/checks/import"


def routes(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    """All handlers of this file."""
    enroll = use_cases.uptime.enroll

    @post(VALIDATE, status_code=200)
    async def validate(request: Call) -> Response[bytes]:
        scope: Any = request.scope
        like = Parameters.of(scope["query_string"]).number("like")  # the check whose secrets masks stand for
        stored = None if like is None else (await enroll.get(request.user, like)).definition
        text = await read_json(request, settings, limit=wire.MAX_BYTES, name="of a check")
        found, problems = wire.try_check(wire.from_json(text), stored)
        errors: list[SightlineError] = list(problems)
        if found is not None:
            try:
                await enroll.require(request.user, [found])
            except SightlineError as error:
                errors.append(error)
        return answer({"valid": not errors, "errors": [_told(one) for one in errors], "check": _shown(found)})

    @post(IMPORT, status_code=200)
    async def take(request: Call) -> Response[bytes]:
        scope: Any = request.scope
        given = Parameters.of(scope["query_string"])
        text = await read_text(request, settings, limit=MAX_BYTES, name="of a file of checks")
        name, is_dry = given.text("format") or "", given.truth("dry_run")
        found = await asyncio.to_thread(read_checks_of, name, text.data)
        known = {one.name for one in await enroll.all(request.user)}
        new = [one for one in found.definitions if one.name not in known]
        taken = [one.name for one in found.definitions if one.name in known]
        await enroll.require(request.user, new)
        if not is_dry and new:
            await enroll.add(request.user, new)
        return answer(await asyncio.to_thread(_summary, name, found, new, taken, is_dry=is_dry))

    return [validate, take]


def _summary(name: str, found: Imported, new: list[Definition], taken: list[str], *, is_dry: bool) -> dict[str, Any]:
    skipped = [f"{one}: there is a check of that name already; it is left as it is" for one in taken]
    return {
        "format": name,
        "dry_run": is_dry,
        "added": [one.name for one in new],
        "skipped": taken,
        "left_out": [*skipped, *found.left_out],
        "checks": write_documents({"checks": [shown_check(one) for one in new]}) if is_dry else "",
    }


def _shown(found: Definition | None) -> dict[str, Any] | None:
    return None if found is None else wire.shown_definition(masked(found))


def _told(error: SightlineError) -> dict[str, Any]:
    return {"code": error.code, "field": error.detail.get("field", ""), "error": error.message}
