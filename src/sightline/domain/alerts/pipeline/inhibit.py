"""Stage: alerts that are not told because others fire."""

from sightline.domain.alerts.notice import Reason
from sightline.domain.alerts.notification import fingerprint
from sightline.domain.alerts.pipeline.batch import Hold, Holds, Surroundings
from sightline.domain.alerts.pipeline.sent import Member
from sightline.domain.alerts.route import Route


def inhibit(_: Route, members: tuple[Member, ...], around: Surroundings) -> Holds:
    """Hold those that a rule inhibits, by the first alert that does."""
    found = {one.id: around.inhibition.reason(one.alert.labels) for one in members}
    return {one: Hold(Reason.INHIBITED, (fingerprint(why.source),)) for one, why in found.items() if why is not None}
