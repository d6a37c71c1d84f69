"""The API as its description has it: every operation asked in many ways, and every answer one that is described."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.e2e.program import Program, running

from sightline.adapters.inbound.http import openapi

EXAMPLES = 8
"""For each operation."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
PATIENCE = 30.0
"""Seconds that an answer may take on a machine that has other things to do."""
DOCUMENT = openapi.document("0")
NEED_MORE = {"/api/v1/ingest", "/api/metrics", "/-/reload", "/-/quit", "/targets", "/api/v1/status-pages"}
"""Whose examples name a server or a container that must be there first, a name that may be taken, or which settings must allow."""
NEED_ONE = ("{check_id}", "{incident_id}", "{slug}", "{trace_id}")
"""What stands in addresses of things that must be there first."""
OPERATIONS: list[tuple[str, str]] = [
    (path, method) for path, item in DOCUMENT["paths"].items() for method in openapi.METHODS if method in item
]


@schemathesis.serializer("application/x-protobuf")
def as_bytes(_: schemathesis.SerializationContext, value: object) -> bytes | None:
    """Bytes go as they are; anything else is no protobuf message and goes as text."""
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The program, which watches this machine, so that there is something to find, and lets series be deleted."""
    with running(tmp_path_factory.mktemp("api") / "data", "--set", "http.admin=true") as found:
        yield found


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """One more, for examples alone: whoever asks in many ways may have taken the names that they give."""
    with running(tmp_path_factory.mktemp("examples") / "data", "--set", "http.admin=true") as found:
        yield found


def parameters(path: str, method: str) -> list[dict[str, Any]]:
    """The parameters of an operation, those that stand among the components as well."""
    item = DOCUMENT["paths"][path]
    written = [*item.get("parameters", ()), *item[method].get("parameters", ())]
    known = DOCUMENT["components"]["parameters"]
    return [known[one["$ref"].rpartition("/")[2]] if "$ref" in one else one for one in written]


def examples(path: str, method: str) -> list[tuple[str, Any]]:
    """The bodies that the description gives as examples, each with its type."""
    content = DOCUMENT["paths"][path][method].get("requestBody", {}).get("content", {})
    return [(kind, one["example"]) for kind, one in content.items() if "example" in one]


def has_example(operation: tuple[str, str]) -> bool:
    """Whether all that an operation needs is given as an example."""
    path, method = operation
    complete = all("example" in one for one in parameters(path, method) if one.get("required"))
    written = DOCUMENT["paths"][path][method]
    return (
        complete
        and "101" not in written["responses"]
        and path not in NEED_MORE
        and not any(one in path for one in NEED_ONE)
        and (bool(examples(path, method)) or "requestBody" not in written)
    )


@pytest.fixture(scope="module")
def described(program: Program) -> schemathesis.BaseSchema:
    """The description that the program serves."""
    return schemathesis.openapi.from_url(f"{program.url}/openapi.json", timeout=PATIENCE)


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_answers_are_as_described(described: schemathesis.BaseSchema, path: str, method: str) -> None:
    """Whatever an operation is asked, well or badly, status, type, headers and body of the answer are among those described."""
    operation = described[path][method.upper()]
    wanted = [
        operation.as_strategy(generation_mode=mode) for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    ]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(wanted))
    def ask(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(checks=CHECKS, timeout=PATIENCE)

    ask()


@pytest.mark.parametrize(("path", "method"), [one for one in OPERATIONS if has_example(one)])
def test_examples_of_the_description_work(fresh: Program, path: str, method: str) -> None:
    """What the description gives as an example of a request succeeds as it stands."""
    asked = {one["name"]: one["example"] for one in parameters(path, method) if "example" in one}
    query = {one["name"] for one in parameters(path, method) if one["in"] == "query"}
    for kind, body in examples(path, method) or [("", None)]:
        answer = httpx.request(
            method,
            f"{fresh.url}{path.format_map(asked)}",
            params={name: value for name, value in asked.items() if name in query},
            content=body if isinstance(body, str) or body is None else json.dumps(body),
            headers={"Content-Type": kind} if kind else {},
            timeout=PATIENCE,
        )
        assert answer.status_code < 400, answer.text


def test_the_program_lives_on(program: Program, fresh: Program) -> None:
    """After all of that the programs are well, and their logs have no failure."""
    for one in (program, fresh):
        assert one.get("/health")["status"] == "pass"
        assert '"level": "error"' not in Path(one.log).read_text()
