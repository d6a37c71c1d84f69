"""What stores of checks and incidents say when they do not do what they were asked: the same words, whichever store it is."""

from sightline.domain.errors import Conflict, NotFound


def no_check(check_id: int) -> NotFound:
    """There is no such check, or it is another tenant's."""
    return NotFound(f"no check has the id {check_id}", id=check_id)


def no_incident(incident_id: int) -> NotFound:
    """There is no such incident, or it is another tenant's."""
    return NotFound(f"no incident has the id {incident_id}", id=incident_id)


def name_taken(name: str) -> Conflict:
    """A check has the name, or another of the same call has."""
    return Conflict(f"a check is named {name!r} already: choose another name, or change that one", name=name)


def version_differs(what: str, number: int, present: int, expected: int) -> Conflict:
    """Somebody else changed a check or an incident (`what`) in between."""
    message = f"{what} {number} is at version {present}, not {expected}: read it again and repeat the change"
    return Conflict(message, id=number, version=present)
