"""What the hundreds of an HTTP status mean. Source: RFC 9110, section 15."""

from typing import Final

_SUCCESS: Final = range(200, 300)
_REDIRECTION: Final = range(300, 400)
_FIRST_OF_FAILURES: Final = 500


def is_success(status: int) -> bool:
    """Whether what was asked for is done."""
    return status in _SUCCESS


def is_redirection(status: int) -> bool:
    """Whether something else is to be done, as asking at another address."""
    return status in _REDIRECTION


def is_server_failure(status: int) -> bool:
    """Whether the server failed, and not the request. Beyond 599 lies nothing that RFC 9110 knows, which counts as this."""
    return status >= _FIRST_OF_FAILURES
