"""Names of headers and parameters whose values are secrets."""

import re
from typing import Final

MASK: Final = "***"
"""What stands in a secret's place."""
PARAMETER: Final = re.compile(r"([?&])([^=&#]*)=([^&#]*)")
"""A parameter of an address: what stands before it, its name, and its value."""
_NAMES: Final = re.compile(
    r"auth|cookie|token|secret|passw|credential|session|signature|api[-_]?key|access[-_]?key|^key$|^sig$", re.IGNORECASE
)


def is_secret_name(name: str) -> bool:
    """Whether a header, or a parameter, of that name holds a secret."""
    return _NAMES.search(name) is not None


def without_secret_parameters(url: str) -> str:
    """An address with masks for the values of parameters that are secrets."""
    if "?" not in url:
        return url
    return PARAMETER.sub(lambda one: f"{one[1]}{one[2]}={MASK}" if is_secret_name(one[2]) and one[3] else one[0], url)
