"""Lists of checks: those that are asked for, whole or in short, all at once or a page at a time."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
from litestar import Request, Response

from sightline.adapters.inbound.http.answers import Rendering
from sightline.adapters.inbound.http.delivery import deliver
from sightline.adapters.inbound.http.parameters import Parameters
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.adapters.wire import check as wire
from sightline.adapters.wire.check_listed import listed
from sightline.adapters.wire.check_shown import status_object
from sightline.application.review import Seen
from sightline.domain.errors import InvalidParameter
from sightline.domain.probes.check import Check, Definition
from sightline.domain.probes.result import Result
from sightline.domain.probes.state import CheckState, Transition
from sightline.domain.timerange import SECOND

VIEWS: Final = ("full", "list")
"""How a list shows checks: all of them, or what a row needs."""

_AT_ONCE: Final = 100
"""Checks that are shown before others have the loop: 5 ms where they are shown whole."""
_POINTS: Final = 20
"""What a check counts as beside the points of a query: fifty are compressed, and more than a hundred made in a thread."""
_ENCODER: Final = msgspec.json.Encoder()

_Row = tuple[Check, Transition, Result | None, int | None]
"""What is listed of a check, as it is now: what moves meanwhile is not in a thread's way."""


async def listing(
    request: Request[Any, Any, Any], use_cases: UseCases, found: Sequence[Seen], given: Parameters
) -> Response[Any]:
    """The answer that lists some checks, in the view and the part that the parameters ask for."""
    view = given.text("view") or VIEWS[0]
    if view not in VIEWS:
        raise InvalidParameter(f"view: {view[:40]!r} is none of {', '.join(VIEWS)}", parameter="view")
    page, following = _page(matching(found, given), given)
    if view == "list":
        pieces: Iterator[bytes] = _listed([_row(use_cases, one) for one in page], following)
    else:
        pieces = iter([*await _whole(use_cases, page), _end(following)])
    return deliver(request, Rendering(len(page) * _POINTS, pieces))


def matching(found: Sequence[Seen], given: Parameters) -> Sequence[Seen]:
    """Those that the parameters ask for."""
    states, groups, search = given.every("state"), given.every("group"), (given.text("search") or "").casefold()
    for state in states:
        if state not in set(CheckState):
            message = f"state: {state[:40]!r} is none of {', '.join(CheckState)}"
            raise InvalidParameter(message, parameter="state")
    tags = [text.partition(":")[::2] for text in given.every("tag")]
    return [
        one
        for one in found
        if (not states or one.standing.state in states)
        and (not groups or one.check.definition.group in groups)
        and all(one.check.definition.tags.get(name) == value for name, value in tags)
        and (not search or search in _searched(one.check.definition))
    ]


def status(use_cases: UseCases, seen: Seen) -> dict[str, Any]:
    """How a check stands."""
    monotonic = int(use_cases.clock.monotonic() * SECOND)
    return status_object(seen.standing, monotonic, _incident(use_cases, seen.check.id))


def whole(use_cases: UseCases, seen: Seen) -> dict[str, Any]:
    """A check and how it stands."""
    return {**wire.shown(seen.check), "status": status(use_cases, seen)}


def _page(found: Sequence[Seen], given: Parameters) -> tuple[Sequence[Seen], int | None]:
    """Those of one page, and after which id the next begins; None where nothing follows."""
    after, limit = given.number("after"), given.limit()
    if after is not None:
        found = [one for one in found if one.check.id > after]
    if not limit or len(found) <= limit:
        return found, None
    return found[:limit], found[limit - 1].check.id


async def _whole(use_cases: UseCases, page: Sequence[Seen]) -> list[bytes]:
    pieces = [b'{"checks":[']
    for first in range(0, len(page), _AT_ONCE):
        shown = [_ENCODER.encode(whole(use_cases, one)) for one in page[first : first + _AT_ONCE]]
        pieces.append(_joined(shown, first))
        await asyncio.sleep(0)
    return pieces


def _row(use_cases: UseCases, seen: Seen) -> _Row:
    standing = seen.standing
    return seen.check, standing.latest, standing.last, _incident(use_cases, seen.check.id)


def _listed(rows: Sequence[_Row], following: int | None) -> Iterator[bytes]:
    yield b'{"checks":['
    for first in range(0, len(rows), _AT_ONCE):
        yield _joined([_ENCODER.encode(listed(*row)) for row in rows[first : first + _AT_ONCE]], first)
    yield _end(following)


def _joined(shown: Sequence[bytes], first: int) -> bytes:
    return (b"," if first else b"") + b",".join(shown)


def _end(following: int | None) -> bytes:
    return b'],"next":' + _ENCODER.encode(following) + b"}"


def _incident(use_cases: UseCases, check_id: int) -> int | None:
    lasting = use_cases.uptime.chronicle.lasting.get(check_id)
    return None if lasting is None else lasting.id


def _searched(definition: Definition) -> str:
    return f"{definition.name}\n{wire.shown_url(definition)}\n{definition.group}".casefold()
