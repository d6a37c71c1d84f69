"""The routing tree: which receivers an alert goes to, and why.

Source: https://prometheus.io/docs/alerting/latest/configuration/#route.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from sightline.domain.alerts.matchers import matchers_text, sorted_matchers
from sightline.domain.labels import Labels, Matcher, Matchers
from sightline.domain.timerange import HOUR, MINUTE, SECOND

GROUP_BY_ALL: Final = "..."
"""In place of names: alerts are grouped by all their labels."""


class RouteReason(StrEnum):
    """Why an alert took a route or did not."""

    TAKEN = "taken"
    PASSED_ON = "passed_on_to_routes_beneath"
    NOT_MATCHED = "matcher_not_satisfied"
    ABOVE_NOT_TAKEN = "route_above_not_taken"
    EARLIER_TAKEN = "earlier_route_taken_without_continue"


@dataclass(frozen=True, slots=True)
class WrittenRoute:
    """A route as it is written; what is None or empty it has from the route above. Durations: ms.

    continues: whether an alert that takes it tries those after it too. mute_time_intervals, active_time_intervals: names.
    """

    receiver: str = ""
    group_by: tuple[str, ...] = ()
    matchers: Matchers = ()
    continues: bool = False
    group_wait: int | None = None
    group_interval: int | None = None
    repeat_interval: int | None = None
    mute_time_intervals: tuple[str, ...] = ()
    active_time_intervals: tuple[str, ...] = ()
    routes: tuple["WrittenRoute", ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """A route with all that it has from those above. Durations: ms.

    key: the matchers from the root on, as Alertmanager has it in the keys of groups. id: the key and, where several routes beside
    each other have the same, which of them it is; unlike places in the file it stays when others come and go.
    group_by: sorted names, or `GROUP_BY_ALL` alone. matchers: in Alertmanager's order.
    """

    id: str
    key: str
    receiver: str
    group_by: tuple[str, ...] = ()
    matchers: Matchers = ()
    continues: bool = False
    group_wait: int = 30 * SECOND
    group_interval: int = 5 * MINUTE
    repeat_interval: int = 4 * HOUR
    mute_time_intervals: tuple[str, ...] = ()
    active_time_intervals: tuple[str, ...] = ()
    routes: tuple["Route", ...] = ()

    def taken(self, labels: Labels) -> tuple["Route", ...]:
        """The routes from here on that an alert takes, in their order; none when this one does not match."""
        if self._failed(labels) is not None:
            return ()
        found: list[Route] = []
        for route in self.routes:
            beneath = route.taken(labels)
            found += beneath
            if beneath and not route.continues:
                break
        return tuple(found) or (self,)

    def group_labels(self, labels: Labels) -> Labels:
        """The labels by which this route groups an alert."""
        return labels if self.group_by == (GROUP_BY_ALL,) else labels.keep(self.group_by)

    def decide(self, labels: Labels) -> Iterator["RouteDecision"]:
        """What becomes of an alert at every route from here on, in the order of the file."""
        failed = self._failed(labels)
        if failed is not None:
            yield RouteDecision(self, RouteReason.NOT_MATCHED, failed)
            for route in self.routes:
                yield from _passed_over(route, RouteReason.ABOVE_NOT_TAKEN)
            return
        beneath: list[RouteDecision] = []
        is_over = is_taken = False
        for route in self.routes:
            decisions = tuple(_passed_over(route, RouteReason.EARLIER_TAKEN) if is_over else route.decide(labels))
            beneath += decisions
            matched = decisions[0].reason in {RouteReason.TAKEN, RouteReason.PASSED_ON}
            is_taken = is_taken or matched
            is_over = is_over or (matched and not route.continues)
        yield RouteDecision(self, RouteReason.PASSED_ON if is_taken else RouteReason.TAKEN)
        yield from beneath

    def walk(self) -> Iterator["Route"]:
        """This route and all beneath it, in the order of the file."""
        yield self
        for route in self.routes:
            yield from route.walk()

    def _failed(self, labels: Labels) -> Matcher | None:
        """The first matcher that an alert does not satisfy."""
        return next((one for one in self.matchers if not one.matches(labels.get(one.name))), None)


@dataclass(frozen=True, slots=True)
class RouteDecision:
    """What became of an alert at a route. failed: the matcher that it does not satisfy, where that is the reason."""

    route: Route
    reason: RouteReason
    failed: Matcher | None = None


def _passed_over(route: Route, reason: RouteReason) -> Iterator[RouteDecision]:
    """What becomes of an alert at a route that is not asked, and at all beneath it."""
    return (RouteDecision(one, reason) for one in route.walk())


def route_tree(written: WrittenRoute, above: Route | None = None, occurrence: int = 0) -> Route:
    """The route, and those beneath it, with all that they have from those above.

    occurrence: how many before it, beside it, have the same matchers.
    """
    matchers = sorted_matchers(written.matchers)
    key = matchers_text(matchers)
    above_id = ""
    if above is not None:
        key, above_id = f"{above.key}/{key}", f"{above.id}/"
    inherited = above or Route("", "", "")
    own = Route(
        id=f"{above_id}{matchers_text(matchers)}{f'/{occurrence}' if occurrence else ''}",
        key=key,
        receiver=written.receiver or inherited.receiver,
        group_by=tuple(sorted(written.group_by)) or inherited.group_by,
        matchers=matchers,
        continues=written.continues,
        group_wait=_given(written.group_wait, inherited.group_wait),
        group_interval=_given(written.group_interval, inherited.group_interval),
        repeat_interval=_given(written.repeat_interval, inherited.repeat_interval),
        mute_time_intervals=written.mute_time_intervals,
        active_time_intervals=written.active_time_intervals,
    )
    seen = Counter[str]()
    routes: list[Route] = []
    for one in written.routes:
        text = matchers_text(sorted_matchers(one.matchers))
        routes.append(route_tree(one, own, seen[text]))
        seen[text] += 1
    return replace(own, routes=tuple(routes))


def _given(value: int | None, inherited: int) -> int:
    return inherited if value is None else value
