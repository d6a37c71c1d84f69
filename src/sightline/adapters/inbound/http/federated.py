"""Newest samples in the text exposition format, with their times, as Prometheus' /federate writes them.

Columns become text in Arrow; what is made for a series is the text of its labels.
"""

import re
from collections.abc import Callable, Mapping
from itertools import groupby
from typing import Any, Final

import pyarrow.compute as pc

from sightline.adapters.inbound.http.columns import constant, numbers, texts
from sightline.adapters.inbound.http.floats import sample_texts
from sightline.domain.labels import METRIC_NAME, Labels
from sightline.domain.metrics.newest import Newest

UNDERSCORES: Final = "underscores"
"""What is done with names that the format cannot write, unless somebody asks for something else."""
CONTENT_TYPE: Final = "text/plain; version={version}; charset=utf-8; escaping={escaping}"

# Arrow's functions take arrays and scalars together, which its type stubs deny.
_arrow: Final[Any] = pc
_SPACE = constant(" ")
_LEGACY: Final = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*", re.ASCII)
_LEGACY_LABEL: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_FOREIGN: Final = re.compile(r"^[0-9]|[^A-Za-z0-9_:]")
_ESCAPES: Final = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
_INSTANCE: Final = "instance"
_VERSIONS: Final = ("0.0.4", "1.0.0")


def negotiated(accept: str) -> tuple[str, str]:
    """Version and escaping of the text that an Accept header asks for; the first text/plain that can be given counts."""
    escaping = UNDERSCORES
    for one in accept.split(","):
        media, *words = (word.strip() for word in one.split(";"))
        given = dict(word.partition("=")[::2] for word in words)
        if given.get("escaping") in _ESCAPINGS:
            escaping = given["escaping"]
        if media == "text/plain" and given.get("version", "0.0.4") in _VERSIONS:
            return given.get("version", "0.0.4"), escaping
    return "0.0.4", escaping


class Federated:
    """Writes block after block, and says of each metric once that its type is not known."""

    def __init__(self, escaping: str) -> None:
        self._escaped = _ESCAPINGS[escaping]
        self._names: dict[str, str] = {}
        self._last: str | None = None

    def text(self, block: Newest) -> bytes:
        """The lines of a block; metrics come in one piece, perhaps over several blocks."""
        openings: list[str] = []
        for name, its in groupby(block.labels, key=_name):
            shown = self._name(name)
            quoted = not _LEGACY.fullmatch(shown)
            written = [self._opening(_quoted(shown) if quoted else shown, one, quoted=quoted) for one in its]
            if name != self._last:
                written[0] = f"# TYPE {_quoted(shown) if quoted else shown} untyped\n{written[0]}"
                self._last = name
            openings += written
        if not openings:
            return b""
        times = _arrow.cast(numbers(block.times), texts([]).type)
        lines = _arrow.binary_join_element_wise(texts(openings), sample_texts(block.values), times, _SPACE)
        return "".join([f"{line}\n" for line in lines.to_pylist()]).encode()

    def _opening(self, metric: str, labels: Labels, *, quoted: bool) -> str:
        """All of a line before its value. A series without an instance gets an empty one, lest the scraper give it another."""
        pairs = [f"{self._label(name)}={_quoted(value)}" for name, value in labels if name != METRIC_NAME]
        if not labels.get(_INSTANCE):
            pairs.append(f'{_INSTANCE}=""')
        return f"{{{','.join([metric, *pairs])}}}" if quoted else f"{metric}{{{','.join(pairs)}}}"

    def _label(self, name: str) -> str:
        shown = self._name(name)
        if _LEGACY_LABEL.fullmatch(shown):
            return shown
        return (
            _quoted(shown) if self._escaped is str else shown.replace(":", "_")
        )  # which only names of metrics may have

    def _name(self, name: str) -> str:
        found = self._names.get(name)
        if found is None:
            found = self._names[name] = self._escaped(name)
        return found


def _name(labels: Labels) -> str:
    return labels.name


def _quoted(text: str) -> str:
    return f'"{text.translate(_ESCAPES)}"'


def _underscored(name: str) -> str:
    return _FOREIGN.sub("_", name)


def _dotted(name: str) -> str:
    plain = name.replace("_", "__")
    return _FOREIGN.sub(lambda found: "_dot_" if found[0] == "." else "__", plain)


def _valued(name: str) -> str:
    if _LEGACY.fullmatch(name):
        return name
    return "U__" + _FOREIGN.sub(lambda found: f"_{ord(found[0]):x}_", name.replace("_", "__"))


_ESCAPINGS: Final[Mapping[str, Callable[[str], str]]] = {
    "allow-utf-8": str,
    UNDERSCORES: _underscored,
    "dots": _dotted,
    "values": _valued,
}
