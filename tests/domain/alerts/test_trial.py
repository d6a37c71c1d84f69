"""A notification that tells people nothing but that they would be told."""

from sightline.domain.alerts.notification import Status
from sightline.domain.alerts.trial import trial


def test_a_trial_fires_and_says_what_it_is() -> None:
    """It names the receiver, says that nothing is wrong, and links to where alerts are seen."""
    found = trial("team", 5_000, external_url="https://s.example/")
    assert (found.status, found.firing, found.resolved) == (Status.FIRING, found.alerts, ())
    assert found.common_annotations.get("summary") == "This is a test of the receiver team"
    assert "Nothing is wrong" in found.common_annotations.get("description")
    assert found.alerts[0].generator_url == "https://s.example/ui/alerts"


def test_two_trials_are_two_notifications() -> None:
    """A later one is not taken for the earlier one told again."""
    assert trial("team", 1).id != trial("team", 2).id != trial("other", 2).id
    assert trial("team", 1) == trial("team", 1)
