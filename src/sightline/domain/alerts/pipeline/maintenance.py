"""Stage: alerts about checks on which people are at work."""

from sightline.domain.alerts.notice import Reason
from sightline.domain.alerts.pipeline.batch import Hold, Holds, Surroundings
from sightline.domain.alerts.pipeline.sent import Member
from sightline.domain.alerts.route import Route


def leave_alone(_: Route, members: tuple[Member, ...], around: Surroundings) -> Holds:
    """Hold those about checks that maintenance windows cover, whoever made the alert."""
    found = {one.id: around.maintained_by(one.alert.labels) for one in members}
    return {one: Hold(Reason.IN_MAINTENANCE, by) for one, by in found.items() if by}
