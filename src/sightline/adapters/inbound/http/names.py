"""Label names in a URL: escaped as `U__`, then `__` for an underscore and `_2e_` for the code point 2e."""

import re
from typing import Final

_PREFIX: Final = "U__"
_ESCAPED: Final = re.compile(r"(?:[^_]|__|_[0-9a-fA-F]{1,5}_)*", re.DOTALL)
_PART: Final = re.compile(r"__|_([0-9a-fA-F]{1,5})_")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def unescaped(name: str) -> str:
    """The label name meant; a name that is not escaped, or wrongly, stands for itself."""
    rest = name.removeprefix(_PREFIX)
    if rest == name or not _ESCAPED.fullmatch(rest):
        return name
    plain = _PART.sub(lambda part: chr(int(part[1], 16)) if part[1] else "_", rest)
    return name if _SURROGATE.search(plain) else plain
