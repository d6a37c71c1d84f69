"""Stage: at some times a route tells nothing.

Source: https://prometheus.io/docs/alerting/latest/configuration/#route (mute_time_intervals, active_time_intervals).
"""

from sightline.domain.alerts.notice import Reason
from sightline.domain.alerts.pipeline.batch import Hold, Holds, Surroundings
from sightline.domain.alerts.pipeline.sent import Member
from sightline.domain.alerts.route import Route
from sightline.domain.alerts.time_intervals import TimeIntervals


def mute_by_time(route: Route, members: tuple[Member, ...], around: Surroundings) -> Holds:
    """Hold the whole group, or nothing of it."""
    hold = time_hold(route, around.intervals, around.now)
    return {} if hold is None else {one.id: hold for one in members}


def time_hold(route: Route, intervals: TimeIntervals, now: int) -> Hold | None:
    """Why a route tells nothing at an instant (ms); None when it does."""
    muting = tuple(name for name in route.mute_time_intervals if _is_active(name, intervals, now))
    if muting:
        return Hold(Reason.MUTED_BY_TIME, muting)
    wanted = route.active_time_intervals
    if wanted and not any(_is_active(name, intervals, now) for name in wanted):
        return Hold(Reason.OUTSIDE_ACTIVE_TIME, wanted)
    return None


def _is_active(name: str, intervals: TimeIntervals, now: int) -> bool:
    return any(one.active_at(now) for one in intervals.get(name, ()))
