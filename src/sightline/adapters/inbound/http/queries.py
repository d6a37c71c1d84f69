"""PromQL queries, GET and POST /api/v1/query and /api/v1/query_range, straight from ASGI: dashboards ask many small ones.

The framework knows these paths too, and answers every other method and spelling of them.
"""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Final

from sightline.adapters.inbound.http import answers
from sightline.adapters.inbound.http.answers import Rendering
from sightline.adapters.inbound.http.asgi import Receive, Scope, Send, header
from sightline.adapters.inbound.http.attended import attended
from sightline.adapters.inbound.http.delivery import answer
from sightline.adapters.inbound.http.forms import fields
from sightline.adapters.inbound.http.parameters import Parameters, invalid, parse_span
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.statistics import Told
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.application.query import QueryOptions
from sightline.domain.errors import BadData, InvalidParameter, MalformedQuery, QueryTimeout
from sightline.domain.promql.values import Answer
from sightline.domain.timerange import SECOND, Grid

INSTANT: Final = "/api/v1/query"
RANGE: Final = "/api/v1/query_range"
METHODS: Final = frozenset({"GET", "POST"})

_MOST_OF_CLIENT: Final = 200  # characters of what a client calls itself
_NO: Final = frozenset({"0", "f", "false", "no", "off"})


class Queries:
    """Both kinds of query, each as a rendering of its answer; errors of the tree are the dispatcher's to render."""

    def __init__(self, use_cases: UseCases, settings: DoorSettings) -> None:
        self._use_cases = use_cases
        self._settings = settings
        self.by_path: Final[Mapping[str, Callable[[Scope, Receive], Awaitable[Rendering]]]] = {
            INSTANT: self.instant,
            RANGE: self.range,
        }

    def takes(self, scope: Scope) -> bool:
        """Whether a request is one of these."""
        return scope["path"] in self.by_path and scope["method"] in METHODS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that it takes."""
        path = scope["path_template"] = scope["path"]
        await answer(scope, receive, send, await self.by_path[path](scope, receive))

    async def instant(self, scope: Scope, receive: Receive) -> Rendering:
        """Parameters `query`, `time`, and the options."""
        given = await fields(scope, receive, self._settings)
        at, told = given.time("time", self._use_cases.clock.now()), _told(given)
        options = _options(scope, given, told)
        work = self._use_cases.query.instant(scope["user"], given.expression(), at, options)
        answer = await _answered(receive, work)
        return answers.instant(answer, b"" if told is None else told.json())

    async def range(self, scope: Scope, receive: Receive) -> Rendering:
        """Parameters `query`, `start`, `end`, `step`, and the options."""
        given = await fields(scope, receive, self._settings)
        grid, told = _grid(given), _told(given)
        options = _options(scope, given, told)
        work = self._use_cases.query.range(scope["user"], given.expression(), grid, options)
        answer = await _answered(receive, work)
        return answers.matrix(answer, b"" if told is None else told.json())


async def _answered(receive: Receive, work: Coroutine[Any, Any, Answer]) -> Answer:
    """The answer, as long as somebody waits for it; what is wrong with the query is said of the parameter."""
    try:
        return await attended(receive, work)
    except MalformedQuery as error:
        raise of_query(error) from None


def of_query(error: MalformedQuery) -> MalformedQuery:
    """A query that does not parse, as a parameter that cannot be used."""
    return MalformedQuery(invalid("query", error.message).message, **error.detail)


def _told(given: Parameters) -> Told | None:
    """What hears of the query, where the parameter `stats` asks what it took."""
    wanted = given.text("stats")
    return None if wanted is None else Told(wanted)


def _options(scope: Scope, given: Parameters, told: Told | None) -> QueryOptions:
    timeout, lookback = given.span("timeout"), _lookback(given)
    if timeout is not None and timeout <= 0:
        raise QueryTimeout("query timed out in query queue: no time was left for it")
    return QueryOptions(
        timeout=None if timeout is None else timeout / SECOND,
        lookback=lookback,
        limit=given.limit(),
        fresh=_wants_fresh(scope, given),
        client=(header(scope, b"user-agent") or "")[:_MOST_OF_CLIENT],
        tell=told,
    )


def _lookback(given: Parameters) -> int | None:
    """The parameter `lookback_delta`, ms; what is not above zero leaves it to the program, as in Prometheus."""
    text = given.text("lookback_delta")
    if text is None:
        return None
    try:
        return max(parse_span(text), 0) or None
    except BadData as error:
        message = f"error parsing lookback delta duration: {error.message}"
        raise InvalidParameter(message, parameter="lookback_delta") from None


def _wants_fresh(scope: Scope, given: Parameters) -> bool:
    """Whether nothing of earlier answers may be used: `nocache=1`, as VictoriaMetrics has it, or `Cache-Control: no-store`."""
    return (given.text("nocache") or "0").lower() not in _NO or "no-store" in (header(scope, b"cache-control") or "")


def _grid(given: Parameters) -> Grid:
    start, end = given.time("start"), given.time("end")
    if end < start:
        raise invalid("end", "end timestamp must not be before start time")
    return Grid(start, end, given.step())
