"""Documents that declare what there is to be: YAML by kind, one mapping or several documents, and how each kind is written.

A document is a mapping of kinds to lists (`checks: [...]`), or one thing with its `kind` beside its fields.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from sightline.adapters.wire import alert_rule, check, dashboard, window
from sightline.adapters.wire.check_secrets import masked
from sightline.adapters.wire.plain_yaml import guessed, read_plains, write_plain
from sightline.adapters.wire.status.json import page_from_json, shown_page
from sightline.domain.alerts.rule import expression_problems
from sightline.domain.dashboards.dashboard import check as check_dashboard
from sightline.domain.errors import BadData, InvalidField, MalformedBody, SightlineError
from sightline.domain.probes.status_page import StatusPage, check_page

MAX_BYTES: Final = 64 << 20
"""Of all files together."""
MAX_DOCUMENTS: Final = 10_000
_PLACED: Final = re.compile(r"[a-z_]+(?:\[\d+\])?(?:\.[a-z_]+(?:\[\d+\])?)*: ")
"""How a message begins that says where in a thing something is wrong."""
_SINGULAR: Final = {
    "check": "checks",
    "alert_rule": "alert_rules",
    "window": "windows",
    "status_page": "status_pages",
    "dashboard": "dashboards",
}


@dataclass(frozen=True, slots=True)
class Declaration:
    """One thing as somebody wrote it: its kind, where it stands, and what was read there."""

    kind: str
    path: str
    value: Any


@dataclass(frozen=True, slots=True)
class Documents:
    """All that is declared. mentioned: kinds that stand there, be it with an empty list."""

    declared: tuple[Declaration, ...]
    mentioned: frozenset[str]


def read_documents(files: Mapping[str, bytes]) -> Documents:
    """Read files by their names; the name of a single one may be empty.

    Raises:
        BadData: not YAML, or a document of another shape; the file in front.
    """
    declared: list[Declaration] = []
    mentioned: set[str] = set()
    for name, text in files.items():
        try:
            documents = read_plains(text, MAX_DOCUMENTS)
        except BadData as error:
            raise BadData(f"{name}: {error.message}" if name else error.message) from None
        for number, document in enumerate(documents):
            place = f"{name}: " if name else ""
            place += f"document {number + 1}: " if len(documents) > 1 else ""
            _document(document, place, declared, mentioned)
    return Documents(tuple(declared), frozenset(mentioned))


def of_document(document: Any) -> Documents:
    """The same of one document that JSON was read to.

    Raises:
        InvalidField: it has another shape.
    """
    declared: list[Declaration] = []
    mentioned: set[str] = set()
    _document(document, "", declared, mentioned)
    return Documents(tuple(declared), frozenset(mentioned))


def _document(document: Any, place: str, declared: list[Declaration], mentioned: set[str]) -> None:
    if not isinstance(document, dict):
        message = f"{place}a document is a mapping of kinds to lists, as `checks: [...]`, or one thing with its kind"
        raise InvalidField(message, field="")
    if "kind" in document:
        kind = _SINGULAR.get(str(document["kind"]), str(document["kind"]))
        mentioned.add(kind)
        rest = {name: value for name, value in document.items() if name != "kind"}
        declared.append(Declaration(kind, f"{place}{kind}", rest))
        return
    for kind, listed in document.items():
        mentioned.add(kind)
        if listed in ("", None):
            continue
        if not isinstance(listed, list):
            raise InvalidField(f"{place}{kind}: wants a list", field=str(kind))
        declared += (Declaration(kind, f"{place}{kind}[{number}]", one) for number, one in enumerate(listed))


def write_documents(found: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """One document of all kinds, those without anything left out."""
    return write_plain({kind: [_builtin(one) for one in listed] for kind, listed in found.items() if listed})


def _builtin(value: Any) -> Any:
    return msgspec.to_builtins(value)


def read_check(value: Any, stored: Any, path: str) -> Any:
    """A check's definition.

    Raises:
        InvalidField: it cannot be; all that is wrong is told.
    """
    found, problems = check.try_check(value, stored, path)
    if found is None:
        raise _joined(problems)
    return found


def shown_check(definition: Any) -> dict[str, Any]:
    """The same as people write it, secrets masked; the token of a heartbeat is left out, so that another program gives its own."""
    said = check.written(masked(definition))
    if definition.kind == "heartbeat":
        said.pop("token", None)
    return said


def read_rule(value: Any, _: Any, path: str) -> Any:
    """An alert rule.

    Raises:
        BadData: it cannot be.
    """
    rule = _at(path, lambda: alert_rule.of_tree(guessed(value)))
    for problem in expression_problems(rule):
        raise InvalidField(f"{path}.{problem.message}", field=path)
    return rule


def read_window(value: Any, _: Any, path: str) -> Any:
    """A maintenance window.

    Raises:
        BadData: it cannot be.
    """
    return _at(path, lambda: window.of_tree(guessed(value)))


def shown_window(found: Any) -> dict[str, Any]:
    """The same as people write it."""
    said: dict[str, Any] = msgspec.to_builtins(window.written(found))
    return said


def read_dashboard(value: Any, _: Any, path: str) -> Any:
    """A dashboard.

    Raises:
        BadData: it cannot be.
    """
    found = _at(path, lambda: dashboard.from_json(_json(guessed(value))))
    _at(path, lambda: check_dashboard(found))
    return found


def read_page(value: Any, _: Any, path: str) -> Any:
    """A status page.

    Raises:
        BadData: it cannot be.
    """
    found = _at(path, lambda: page_from_json(_json(guessed(value))))
    _at(path, lambda: check_page(found))
    return found


def shown_page_of(page: StatusPage) -> dict[str, Any]:
    """The same as people write it, its password masked."""
    said, usual = shown_page(page), shown_page(StatusPage(slug=page.slug, title=page.title))
    return {name: value for name, value in said.items() if name in {"slug", "title"} or value != usual[name]}


def _json(tree: Any) -> bytes:
    try:
        return msgspec.json.encode(tree)
    except (TypeError, ValueError, RecursionError) as error:
        raise MalformedBody(f"it cannot be read: {error}") from None


def _at(path: str, read: Callable[[], Any]) -> Any:
    """What a function reads; its refusals with the path in front."""
    try:
        return read()
    except InvalidField as error:
        raise error.within(path) from None
    except SightlineError as error:
        between = "." if _PLACED.match(error.message) else ": "
        raise InvalidField(f"{path}{between}{error.message}", field=path) from None


def _joined(problems: Sequence[InvalidField]) -> InvalidField:
    if len(problems) == 1:
        return problems[0]
    return InvalidField("\n".join(one.message for one in problems), field=str(problems[0].detail.get("field", "")))
