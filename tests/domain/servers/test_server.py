"""What a server may say about itself."""

import pytest

from sightline.domain.errors import InvalidField
from sightline.domain.labels import LabelLimits, Labels
from sightline.domain.servers.server import Registration, check_registration

LIMITS = LabelLimits(labels=2, name_bytes=10, value_bytes=20)


@pytest.mark.parametrize(
    "registration",
    [
        Registration("web-1"),
        Registration("Büro-Rechner.example"),
        Registration("h" * 253, os="x" * 256, agent_version="1"),
        Registration("web-1", labels=Labels.of(a="b" * 20, c="d")),
    ],
)
def test_what_can_be_stored_and_shown_is_taken(registration: Registration) -> None:
    """A hostname alone is enough, and every text up to its limit is fine."""
    check_registration(registration, LIMITS)


@pytest.mark.parametrize(
    ("registration", "said"),
    [
        (Registration(""), "^hostname: is empty"),
        (Registration("  "), "^hostname: is empty"),
        (Registration("web-1 "), "^hostname: 'web-1 ' begins or ends with a blank"),
        (Registration("h" * 254), "^hostname: 254 characters, and 253"),
        (Registration("a\nb"), "^hostname: .*cannot be shown"),
        (Registration("a", os="\x00"), "^os: .*cannot be shown"),
        (Registration("a", agent_version="x" * 257), "^agent_version: 257"),
        (Registration("a", labels=Labels.of(a="1", b="2", c="3")), "^labels: 3 labels: intake.labels allows 2"),
        (Registration("a", labels=Labels.of(a="\x00")), "^labels: .*NUL"),
        (Registration("a", labels=Labels([("", "x")])), "^labels: .*empty name"),
        (Registration("a", labels=Labels.of({"n" * 11: "x"})), "^labels: .*intake.label_name_bytes = 10"),
        (Registration("a", labels=Labels.of(a="ä" * 11)), "^labels: .*intake.label_value_bytes = 20"),
    ],
)
def test_what_cannot_is_refused_by_the_field_and_the_rule(registration: Registration, said: str) -> None:
    """The message begins with the field and names the limit."""
    with pytest.raises(InvalidField, match=said) as refused:
        check_registration(registration, LIMITS)
    assert refused.value.detail["field"] == said[1:].partition(":")[0]
