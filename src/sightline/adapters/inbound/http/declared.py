"""Everything that people define, as one YAML document, and documents that say how it is to be."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler

from sightline.adapters.inbound.http.json_body import answer
from sightline.adapters.inbound.http.parameters import Parameters
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.text_bodies import YAML, Text, read_text
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.adapters.wire.check import from_json
from sightline.adapters.wire.declared import MAX_BYTES, Documents, of_document, read_documents, write_documents
from sightline.application.declare import Action, Drift
from sightline.domain.errors import InvalidField
from sightline.domain.tenancy import Principal

Call = Request[Principal, Any, Any]

PATH: Final = "/api/v1/declared"


def routes(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    """All handlers of this API; none where nothing is declared."""
    declare = use_cases.declare
    if declare is None:
        return []

    @get(PATH)
    async def export(request: Call) -> Response[bytes]:
        given = Parameters.of(request.scope["query_string"])
        found = await declare.export(request.user, given.every("kind"))
        text = await asyncio.to_thread(write_documents, found)
        return Response(text.encode(), media_type=YAML)

    @post(PATH, status_code=200)
    async def make_so(request: Call) -> Response[bytes]:
        scope: Any = request.scope
        given = Parameters.of(scope["query_string"])
        text = await read_text(request, settings, limit=MAX_BYTES, name="of what is declared")
        found = await asyncio.to_thread(_documents, text)
        is_dry, prune = given.truth("dry_run"), given.truth("prune")
        act = declare.compare if is_dry else declare.apply
        drift = await act(request.user, found.declared, found.mentioned, prune=prune)
        return answer(_summary(drift, is_dry=is_dry))

    return [export, make_so]


def _documents(text: Text) -> Documents:
    """What a body declares: YAML, JSON of the same shape, or JSON with the texts of files by their names."""
    if not text.is_json:
        return read_documents({"": text.data})
    tree = from_json(text.data)
    if not isinstance(tree, dict) or set(tree) != {"files"}:
        return of_document(tree)
    files = tree["files"]
    if not isinstance(files, dict) or not all(isinstance(one, str) for one in files.values()):
        raise InvalidField("files: wants an object with the texts of files by their names", field="files")
    return read_documents({name: one.encode() for name, one in files.items()})


def _summary(drift: Sequence[Drift], *, is_dry: bool) -> dict[str, Any]:
    return {
        "dry_run": is_dry,
        "counts": {action.value: sum(one.action is action for one in drift) for action in Action},
        "changes": [
            {
                "kind": one.kind,
                "name": one.name,
                "action": one.action,
                "fields": [{"path": each.path, "before": each.before, "after": each.after} for each in one.fields],
            }
            for one in drift
        ],
    }
