"""Stage: alerts of which people said that they know."""

from sightline.domain.alerts.notice import Reason
from sightline.domain.alerts.pipeline.batch import Hold, Holds, Surroundings
from sightline.domain.alerts.pipeline.sent import Member
from sightline.domain.alerts.route import Route


def silence(_: Route, members: tuple[Member, ...], around: Surroundings) -> Holds:
    """Hold those that silences match."""
    found = {one.id: around.silenced_by(one.alert.labels) for one in members}
    return {one: Hold(Reason.SILENCED, by) for one, by in found.items() if by}
