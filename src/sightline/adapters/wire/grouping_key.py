"""Labels in the path of a push: `/job/<job>{/<label>/<value>}`, each value plain or, with `@base64` behind the label, encoded.

Source: https://github.com/prometheus/pushgateway#url; VictoriaMetrics' text import has the same.
"""

import base64
import binascii
import re
from typing import Final

from sightline.domain.errors import InvalidLabel

JOB: Final = "job"

_ENCODED: Final = "@base64"
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RESERVED: Final = "__"
_BASE64: Final = re.compile(r"[A-Za-z0-9_-]*={0,2}")


def grouping_key(path: str) -> dict[str, str]:
    """The labels that a path names, `job` the first; values may be empty. Of a label that is given twice the last value counts.

    Raises:
        InvalidLabel: no such path, a name that no label has, no job, or what is no base64.
    """
    parts = path.removeprefix("/").split("/")
    if len(parts) % 2:
        raise InvalidLabel(
            f"the path names label {parts[-1][:100]!r} and no value: it is /job/<job>{{/<label>/<value>}}"
        )
    found: dict[str, str] = {}
    for name, value in zip(parts[::2], parts[1::2], strict=True):
        plain = name.removesuffix(_ENCODED)
        if not _NAME.fullmatch(plain) or plain.startswith(_RESERVED):
            raise InvalidLabel(f"{plain[:100]!r} in the path is no name that a label may have", label=plain[:100])
        if plain != JOB or not found:
            found[plain] = _decoded(plain, value) if plain != name else value
    if not found.get(JOB) or next(iter(found)) != JOB:
        raise InvalidLabel("the path names no job: it is /job/<job>{/<label>/<value>}", label=JOB)
    return found


def _decoded(name: str, value: str) -> str:
    """What stands for a value, by base64 of the alphabet for addresses; padding may be missing."""
    bare = value.rstrip("=")
    try:
        if _BASE64.fullmatch(value):
            return base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4)).decode()
    except (ValueError, binascii.Error):
        pass  # as of any other text
    message = f"the value {value[:100]!r} of label {name!r} in the path is not base64 of UTF-8 (alphabet with - and _)"
    raise InvalidLabel(message, label=name)
