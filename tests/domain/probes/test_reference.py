"""References, and what a place that tries them knows."""

import pytest

from sightline.domain.errors import InvalidField
from sightline.domain.probes.reference import Contact, Reference, parse_reference


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("1.1.1.1:443", "1.1.1.1", 443),
        (" gateway.example.com:22 ", "gateway.example.com", 22),
        ("[2606:4700:4700::1111]:53", "2606:4700:4700::1111", 53),
        ("a_b-c:65535", "a_b-c", 65_535),
    ],
)
def test_references_are_written_as_host_and_port(text: str, host: str, port: int) -> None:
    """As they are shown, too."""
    found = parse_reference(text)
    assert found == Reference(host, port)
    assert str(found) == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1.1.1.1",
        "1.1.1.1:",
        ":443",
        "1.1.1.1:0",
        "1.1.1.1:65536",
        "a b:1",
        "::1:443",
        "https://x:443",
        "x:٤",
        "x:1/",
    ],
)
def test_what_is_no_reference_is_named(text: str) -> None:
    """With what would be one."""
    with pytest.raises(InvalidField, match="port") as refused:
        parse_reference(text)
    assert repr(text) in refused.value.message


@pytest.mark.parametrize(
    ("rounds", "since", "cut_off", "doubtful"),
    [
        ([], 0, None, False),
        ([(1, True)], 0, False, False),
        ([(1, False)], 0, True, True),
        ([(1, False)], 5, True, True),
        ([(1, False), (6, True)], 0.5, False, True),
        ([(1, False), (6, True)], 1, False, True),
        ([(1, False), (6, True)], 1.5, False, False),
        ([(1, False), (6, True), (11, True)], 0.5, False, True),
    ],
)
def test_what_began_before_contact_was_lost_is_doubtful(
    rounds: list[tuple[float, bool]], since: float, *, cut_off: bool | None, doubtful: bool
) -> None:
    """Also once it is there again; what began after that is not."""
    contact = Contact()
    for at, reached in rounds:
        contact.tried(at, reached=reached)
    assert contact.is_cut_off is cut_off
    assert contact.was_cut_off_since(since) is doubtful
