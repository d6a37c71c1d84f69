"""The API's description: OpenAPI 3.1, kept by hand in the folder beside, and completed with what the code knows.

In those files an operation is written as OpenAPI has it, with four words of our own: `errors`, the codes it may answer with,
which become responses in the shape of the envelope; `form: true` on a path, for a GET that may as well be a POST with a form;
`open: true`, for what needs no token; `keyed: true`, for what a location's key opens and no token does.
"""

import copy
import html
from collections import defaultdict
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import msgspec

from sightline.adapters.inbound.http.errors import JSON, MEANING, PROTOBUF, RETRIED, Refusal, Shape
from sightline.adapters.inbound.http.shapes import shape_of

FOLDER: Final = Path(__file__).parent / "openapi"
HEAD: Final = "document.yaml"
ERRORS: Final = "errors.yaml"

METHODS: Final = ("get", "put", "post", "delete", "patch")
_OF_ALL: Final = ("forbidden", "internal")
"""What every request may be answered with."""
_OF_CLOSED: Final = ("unauthenticated", "tenant_invalid")
"""What a request may be answered with where a token counts."""
_OF_FORMS: Final = ("bad_data", "body_malformed", "body_too_large", "media_type_unsupported", "request_timeout")
_HTML: Final = "text/html"
_FORM: Final = "application/x-www-form-urlencoded"
_KEY: Final = "locationKey"

Tree = dict[str, Any]


def document(version: str) -> Tree:
    """The whole description, of the program of that version."""
    whole = _read(HEAD)
    errors = error_texts()
    whole["info"]["version"] = version
    whole["info"]["description"] += "\n" + _error_table()
    paths = {path: item for file in _topics() for path, item in _read(file.name).items()}
    whole["paths"] = {path: _completed(path, item, errors) for path, item in sorted(paths.items())}
    return whole


def error_texts() -> dict[str, tuple[str, str]]:
    """By code: an example of its message, and what to do about it."""
    return {code: (example, remedy) for code, (example, remedy) in _read(ERRORS).items()}


def as_json(tree: Tree) -> bytes:
    """A description as JSON."""
    return msgspec.json.encode(tree)


def as_yaml(tree: Tree) -> bytes:
    """A description as YAML."""
    import yaml

    return yaml.safe_dump(copy.deepcopy(tree), sort_keys=False, allow_unicode=True, width=120).encode()


def _read(name: str) -> Tree:
    import yaml

    with (FOLDER / name).open(encoding="utf-8") as file:
        # Aliases of YAML are shared objects, and what is shared must not be completed twice.
        found: Tree = copy.deepcopy(yaml.load(file, yaml.CSafeLoader))
    return found


def _topics() -> Iterator[Path]:
    return (file for file in sorted(FOLDER.glob("*.yaml")) if file.name not in {HEAD, ERRORS})


def _completed(path: str, item: Tree, errors: Mapping[str, tuple[str, str]]) -> Tree:
    """A path with every method, each with every response."""
    known = {name: value for name, value in item.items() if name != "form"}
    shape = shape_of(path)
    operations: Tree = {method: _operation(known[method], errors, shape) for method in METHODS if method in known}
    if item.get("form"):
        operations["post"] = _operation(_as_form(known["get"]), errors, shape)
    return {**known, **operations}


def _operation(written: Tree, errors: Mapping[str, tuple[str, str]], shape: Shape) -> Tree:
    made: Tree = copy.deepcopy(
        {name: value for name, value in written.items() if name not in {"errors", "open", "keyed", "page"}}
    )
    is_keyed = written.get("keyed", False)
    is_open = is_keyed or written.get("open", False)
    codes = [*written.get("errors", ()), *_OF_ALL, *(() if is_open else _OF_CLOSED)]
    if is_open:
        made["security"] = [{_KEY: []}] if is_keyed else []
    else:
        made["parameters"] = [*made.get("parameters", ()), {"$ref": "#/components/parameters/tenant"}]
    refused = _error_responses(codes, errors, shape)
    if written.get("page"):  # those who asked from a page get one
        for response in refused.values():
            response["content"][_HTML] = {"schema": {"type": "string"}}
    made["responses"] = {**made["responses"], **refused}
    return made


def _as_form(get: Tree) -> Tree:
    """The operation that takes as a form what `get` takes as a query."""
    made: Tree = copy.deepcopy(get)
    made["operationId"] += "Form"
    made["summary"] += ", the parameters in a form"
    made["description"] = "As GET; for expressions that are longer than an address may be. gzip is taken apart."
    elsewhere = [one for one in made.pop("parameters", ()) if one.get("in") in {"path", "header"}]
    fields = [one for one in _resolved(get.get("parameters", ())) if one["in"] == "query"]
    made["parameters"] = elsewhere
    required = [one["name"] for one in fields if one.get("required")]
    schema: Tree = {"type": "object", "properties": {one["name"]: _field(one) for one in fields}}
    if required:
        schema["required"] = required
    made["requestBody"] = {"required": bool(required), "content": {_FORM: {"schema": schema}}}
    made["errors"] = [*get.get("errors", ()), *_OF_FORMS]
    return made


def _resolved(parameters: Any) -> Iterator[Tree]:
    shared = _read(HEAD)["components"]["parameters"]
    for one in parameters:
        yield shared[one["$ref"].rpartition("/")[2]] if "$ref" in one else one


def _field(parameter: Tree) -> Tree:
    field: Tree = {**parameter["schema"], "description": parameter.get("description", "")}
    if "example" in parameter:
        field["examples"] = [parameter["example"]]
    return field


def _error_responses(codes: list[str], errors: Mapping[str, tuple[str, str]], shape: Shape) -> Tree:
    """A response a status, with an example a code."""
    by_status: dict[HTTPStatus, list[str]] = defaultdict(list)
    for code in dict.fromkeys(codes):
        by_status[MEANING[code][0]].append(code)
    return {str(status.value): _error_response(by_status[status], errors, shape) for status in sorted(by_status)}


def _error_response(codes: list[str], errors: Mapping[str, tuple[str, str]], shape: Shape) -> Tree:
    examples = {
        code: {
            "summary": errors[code][1],
            "value": msgspec.json.decode(shape.body(Refusal(code, errors[code][0]))),
        }
        for code in codes
    }
    response: Tree = {
        "description": " ".join(f"`{code}`: {errors[code][1]}" for code in codes),
        "content": {JSON: {"schema": {"$ref": f"#/components/schemas/{shape.schema}"}, "examples": examples}},
    }
    if shape.protobuf is not None:
        response["content"][PROTOBUF] = {"schema": {"type": "string", "format": "binary"}}
    if RETRIED & set(codes):
        response["headers"] = {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}}
    elif "unauthenticated" in codes:
        response["headers"] = {"WWW-Authenticate": {"$ref": "#/components/headers/WwwAuthenticate"}}
    return response


def error_rows() -> Iterator[tuple[str, int, str, str]]:
    """Code, status, errorType and remedy of everything that can go wrong, in order of status."""
    errors = error_texts()
    for code, (status, kind) in sorted(MEANING.items(), key=lambda row: (row[1][0], row[0])):
        yield code, status.value, kind.value, errors[code][1]


def _error_table() -> str:
    """All codes, folded away: whoever needs the table opens it. In HTML, for Markdown does not go into what is folded."""
    heads = "".join(f"<th>{head}</th>" for head in ("code", "status", "errorType", "what to do"))
    rows = "".join(
        f"<tr><td><code>{code}</code></td><td>{status}</td><td><code>{kind}</code></td><td>{html.escape(remedy)}</td></tr>"
        for code, status, kind, remedy in error_rows()
    )
    return f"<details><summary>All codes</summary><table><tr>{heads}</tr>{rows}</table></details>\n"
