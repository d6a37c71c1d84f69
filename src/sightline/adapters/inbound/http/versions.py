"""The version that a request wants to replace, by the headers of HTTP's conditional requests."""

from sightline.domain.errors import InvalidParameter


def expected_version(match: str | None, none_match: str | None, what: str) -> int | None:
    """From If-Match: "3", or If-None-Match: * for what is not there yet; None where whatever is there is replaced.

    Raises:
        InvalidParameter: If-Match is no version of `what`.
    """
    if none_match is not None and none_match.strip() == "*":
        return 0
    if match is None or match.strip() == "*":
        return None
    text = match.strip().strip('"')
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise InvalidParameter(f"If-Match: {match[:40]!r} is not the version of {what}", parameter="If-Match")
    return int(text)
