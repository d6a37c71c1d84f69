"""Containers: those there are, and what one used over time."""

import math
from itertools import starmap
from typing import Any, Final

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from sightline.adapters.inbound.http.alerts import rfc3339
from sightline.adapters.inbound.http.attended import attended
from sightline.adapters.inbound.http.forms import parameters
from sightline.adapters.inbound.http.json_body import answer
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.inbound.http.use_cases import UseCases
from sightline.application.inspect import History
from sightline.domain.containers.observed import Load, Observed
from sightline.domain.containers.status import status_line
from sightline.domain.errors import InvalidParameter
from sightline.domain.metrics.samples import Values
from sightline.domain.tenancy import Principal
from sightline.domain.timerange import HOUR, TimeRange

Call = Request[Principal, Any, Any]

DEFAULT_HISTORY: Final = HOUR
"""How far a history goes back when nobody says, ms."""
_SWITCH: Final = {"0": False, "false": False, "1": True, "true": True}


class ContainerObject(msgspec.Struct, frozen=True, kw_only=True):
    """One container, as JSON shows it; what is not known is null. Times are RFC 3339, sizes bytes, percentages 0 to 100.

    cpu_percent is Docker's figure, 100 for each busy CPU; cpu_percent_of_limit is of the `cpu_limit` CPUs it may use. Memory is the
    working set, its limit the machine's where the container has none. Network counts since the container started.
    """

    id: str
    name: str
    image: str
    state: str
    status: str
    health: str
    started_at: str | None
    finished_at: str | None
    exit_code: int
    restarts: int
    cpu_percent: float | None = None
    cpu_percent_of_limit: float | None = None
    cpu_limit: float | None = None
    memory_bytes: int | None = None
    memory_limit_bytes: int | None = None
    memory_percent: float | None = None
    network_rx_bytes: int | None = None
    network_tx_bytes: int | None = None
    cpu_threshold: float | None
    memory_threshold: float | None
    timestamp: str | None = None
    labels: dict[str, str]


class PointObject(msgspec.Struct, frozen=True):
    """What a container used at one instant."""

    timestamp: str
    cpu_percent: float | None
    memory_bytes: int | None
    memory_percent: float | None
    network_rx_bytes: int | None
    network_tx_bytes: int | None


def routes(use_cases: UseCases, settings: DoorSettings) -> list[HTTPRouteHandler]:
    """All handlers of this API."""

    @get("/api/containers")
    async def containers(request: Call) -> Response[bytes]:
        given = await parameters(request, settings)
        wanted = given.text("all") or "0"
        if wanted not in _SWITCH:
            raise InvalidParameter(f"parameter 'all' must be 1 or 0, not {wanted[:40]!r}", parameter="all")
        now = use_cases.clock.now()
        found = use_cases.containers.containers(request.user, stopped=_SWITCH[wanted])
        return answer([container_object(one, now) for one in found])

    @get("/api/metrics")
    async def history(request: Call) -> Response[bytes]:
        given = await parameters(request, settings)
        which = given.required("container_id")
        end = given.time("to", use_cases.clock.now())
        within = TimeRange(given.time("from", end - DEFAULT_HISTORY), end)
        work = use_cases.containers.history(request.user, which, within)
        return answer(point_objects(await attended(request.receive, work)))

    return [containers, history]


def container_object(observed: Observed, now: int) -> ContainerObject:
    """The JSON object of one container; `now` in ms, for its age."""
    container, alarms = observed.container, observed.alarms
    return ContainerObject(
        id=container.id,
        name=container.name,
        image=container.image,
        state=container.state.value,
        status=status_line(container, now),
        health=container.health.value,
        started_at=_time(container.started_at),
        finished_at=_time(container.finished_at),
        exit_code=container.exit_code,
        restarts=container.restarts,
        cpu_threshold=alarms.cpu.percent,
        memory_threshold=alarms.memory.percent,
        labels=dict(container.labels),
        **({} if observed.load is None else _figures(observed.load)),
    )


def point_objects(history: History) -> list[PointObject]:
    """A history as JSON objects, oldest first."""
    columns = (
        map(rfc3339, history.times.tolist()),
        _numbers(history.cpu_percent),
        _bytes(history.memory_bytes),
        _numbers(history.memory_percent),
        _bytes(history.network_rx_bytes),
        _bytes(history.network_tx_bytes),
    )
    return list(starmap(PointObject, zip(*columns, strict=True)))


def _figures(load: Load) -> dict[str, Any]:
    memory, networks = load.usage.memory, load.usage.networks
    return {
        "cpu_percent": load.cpu_percent,
        "cpu_percent_of_limit": load.cpu_percent_of_limit,
        "cpu_limit": load.cpu_limit,
        "memory_bytes": int(memory.working_set),
        "memory_limit_bytes": int(memory.limit) if memory.limit else None,
        "memory_percent": load.memory_percent,
        "network_rx_bytes": None if networks is None else int(sum(one.rx_bytes for one in networks)),
        "network_tx_bytes": None if networks is None else int(sum(one.tx_bytes for one in networks)),
        "timestamp": rfc3339(load.at),
    }


def _time(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else rfc3339(milliseconds)


def _numbers(values: Values) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in values.tolist()]


def _bytes(values: Values) -> list[int | None]:
    return [round(value) if math.isfinite(value) else None for value in values.tolist()]
