"""What the comments of an exposition say of its metrics.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/ and https://prometheus.io/docs/specs/om/open_metrics_spec/.
"""

import re
from collections.abc import Mapping, Sequence
from threading import Lock
from types import MappingProxyType
from typing import Final

from sightline.adapters.wire.exposition_series import shown
from sightline.adapters.wire.recent import Recent
from sightline.domain.scrape.scraped import Metadata

TYPES: Final = frozenset(
    {"counter", "gauge", "histogram", "summary", "info", "stateset", "gaugehistogram", "unknown", "untyped"}
)

# Possessive, as a damaged line may be megabytes long.
_WORD: Final = re.compile(
    rb'#[ \t]*+(HELP|TYPE|UNIT)[ \t]++("[^"\\]*+(?:\\.[^"\\]*+)*+"|[^ \t"][^ \t]*+)(?:[ \t]++(.*+))?', re.DOTALL
)
_BEGINS: Final = re.compile(rb"#[ \t]*+(?:HELP|TYPE|UNIT)[ \t]++[^ \t]")
_HELP_ESCAPE: Final = re.compile(r'\\([\\n"])')
_ESCAPED: Final = {"\\": "\\", "n": "\n", '"': '"'}
_FIELDS: Final = {b"HELP": 1, b"TYPE": 0, b"UNIT": 2}


class CommentMalformed(ValueError):
    """A comment that says something in the wrong way; `comment` counts from 0 among those given."""

    def __init__(self, comment: int, reason: str) -> None:
        super().__init__(reason)
        self.comment = comment


class CommentCache:
    """Remembers what blocks of comments say, within about `max_bytes` of them; those not seen again go first. Thread-safe.

    The comments of a target change seldom, and targets of one program share them.
    """

    def __init__(self, max_bytes: int) -> None:
        self._half = max_bytes // 2
        self._lock = Lock()
        self._blocks: Recent[tuple[bytes, bool], Mapping[str, Metadata]] = Recent()

    def read(self, comments: Sequence[bytes], *, strict: bool) -> Mapping[str, Metadata]:
        """Metadata by the name of the family; see `metadata`."""
        block = b"\n".join(comments)
        with self._lock:
            known = self._blocks.find((block, strict), len(block))
        if known is not None:
            return known
        learnt = MappingProxyType(metadata(comments, strict=strict))
        with self._lock:
            if self._blocks.weight > self._half:
                self._blocks.turn()
            self._blocks.put((block, strict), learnt, len(block))
        return learnt


def metadata(comments: Sequence[bytes], *, strict: bool) -> dict[str, Metadata]:
    """What comment lines say, by the name of the family; of two that say the same thing the later counts.

    strict: as in OpenMetrics, where a comment that is neither HELP, TYPE nor UNIT is an error, and help may escape quotation marks.

    Raises:
        CommentMalformed: the first one that is wrong.
    """
    found: dict[str, list[str]] = {}
    for number, line in enumerate(comments):
        comment = line.strip(b" \t")
        match = _WORD.fullmatch(comment)
        if match is None:
            if strict or _BEGINS.match(comment):
                raise CommentMalformed(
                    number, f"expected # HELP, # TYPE or # UNIT and a metric name, found {shown(comment)}"
                )
            continue
        keyword, name, text = match[1], _name(number, match[2]), match[3] or b""
        entry = found.setdefault(name, ["unknown", "", ""])
        entry[_FIELDS[keyword]] = _text(number, keyword, text, strict=strict)
    return {name: Metadata(*entry) for name, entry in found.items()}


def _name(number: int, raw: bytes) -> str:
    quoted = raw.startswith(b'"')
    name = _decoded(number, raw[1:-1] if quoted else raw)
    return _unescaped(name, quotes=True) if quoted else name


def _text(number: int, keyword: bytes, raw: bytes, *, strict: bool) -> str:
    text = _decoded(number, raw)
    if keyword == b"HELP":
        return _unescaped(text, quotes=strict)
    if keyword == b"TYPE":
        if text not in TYPES:
            raise CommentMalformed(
                number, f"expected a type of metric ({', '.join(sorted(TYPES))}), found {shown(raw)}"
            )
        return "unknown" if text == "untyped" else text
    return text


def _decoded(number: int, raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise CommentMalformed(number, f"{shown(raw)} is not UTF-8") from None


def _unescaped(text: str, *, quotes: bool) -> str:
    if "\\" not in text:
        return text
    return _HELP_ESCAPE.sub(lambda match: match[0] if match[1] == '"' and not quotes else _ESCAPED[match[1]], text)
