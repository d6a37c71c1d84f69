"""What ruff, mypy and import-linter cannot say about the code."""

import ast
import importlib.metadata
import itertools
import re
import sys
import tomllib
from collections.abc import Callable, Iterator

import pytest
from tests.house.conftest import ROOT, Source

DOCUMENTED = ("src/sightline/domain", "src/sightline/ports", "src/sightline/application")
STATELESS = ("src/sightline/application", "src/sightline/ports", "src/sightline/compose")
SAYS_NOTHING = {
    "util",
    "utils",
    "helper",
    "helpers",
    "common",
    "misc",
    "manager",
    "managers",
    "base",
    "service",
    "services",
    "impl",
}

# Where a bare `except Exception` is right: the outermost loop of something that must go on. One line of reason each.
OUTERMOST_LOOPS = {
    "src/sightline/adapters/inbound/batches.py",  # a batch that nobody takes is logged, and the next is handed over
    "src/sightline/adapters/inbound/grpc/otlp.py",  # a call: likewise logged, and answered with INTERNAL
    "src/sightline/adapters/inbound/http/app.py",  # a request or connection: what nobody foresaw is logged and answered with 500
    "src/sightline/adapters/inbound/remote.py",  # a try to reach the server: likewise logged, and followed by the next one
    "src/sightline/adapters/inbound/scouting.py",  # a round of references: likewise logged, and followed by the next one
    "src/sightline/adapters/inbound/lines/sockets.py",  # a block of lines is logged and dropped, and the next one is taken
    "src/sightline/adapters/inbound/ticker.py",  # a job that failed once is logged and runs again when it is due
    "src/sightline/adapters/network/talks/exchange.py",  # a probe: whatever a server makes it stumble over is its outcome
    "src/sightline/domain/kernels/compiled.py",  # a thread that compiles: without machine code the twins go on serving
}

# The only tests that may wait for real time: they are about it. One line of reason each.
ABOUT_REAL_TIME = {
    "tests/contracts/test_clock.py",  # the machine's own clock must be seen to move
}

# What the domain may import beside itself: what computes, nothing that reaches out, waits or remembers.
DOMAIN_STDLIB = {
    "__future__",
    "abc",
    "array",
    "base64",
    "binascii",
    "bisect",
    "calendar",
    "collections",
    "copy",
    "dataclasses",
    "datetime",
    "decimal",
    "difflib",
    "enum",
    "fractions",
    "functools",
    "hashlib",
    "heapq",
    "hmac",
    "html",
    "itertools",
    "json",
    "math",
    "operator",
    "re",
    "statistics",
    "string",
    "struct",
    "textwrap",
    "types",
    "typing",
    "weakref",
    "unicodedata",
    "zoneinfo",
}
DOMAIN_LIBRARIES = {"cronsim", "dateutil", "msgspec", "numba", "numpy", "re2", "typing_extensions"}
DOMAIN_EXCEPTIONS = {
    "src/sightline/domain/metrics/roster.py": {"threading"},  # decoders name series in threads of their own
    # Kernels are compiled in a thread of their own into a folder of their own.
    "src/sightline/domain/kernels": {
        "importlib",
        "llvmlite",
        "os",
        "pathlib",
        "platform",
        "shutil",
        "sys",
        "tempfile",
        "threading",
        "time",
    },
}
MUTABLE_CALLS = {
    "list",
    "dict",
    "set",
    "bytearray",
    "deque",
    "defaultdict",
    "Counter",
    "OrderedDict",
    "WeakKeyDictionary",
    "Queue",
    "ContextVar",
}


def none(violations: list[str], rule: str) -> None:
    """Fail with the rule and every place that breaks it."""
    assert not violations, f"{rule}:\n  " + "\n  ".join(violations)


def public_definitions(source: Source) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    """Public classes and functions of a module and public methods of its public classes."""
    for node in source.tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                methods = (each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))
                yield from (each for each in methods if each.name[0] != "_" and "override" not in decorators(each))


def decorators(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> set[str]:
    """The last names of what a definition is decorated with."""
    names = (each.func if isinstance(each, ast.Call) else each for each in node.decorator_list)
    return {ast.unparse(name).rpartition(".")[2] for name in names}


def imported(source: Source) -> Iterator[tuple[ast.AST, str]]:
    """Every module a file imports, wherever in the file, by its full name."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node, alias.name
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node, node.module


def calls(source: Source) -> Iterator[tuple[ast.Call, str]]:
    """Every call with the name that is called."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            yield node, ast.unparse(node.func)


def test_public_names_are_described(sources: list[Source]) -> None:
    """Every public module, class and function of domain, ports and application says what it is."""
    found = []
    for source in sources:
        if source.within(*DOCUMENTED):
            if not ast.get_docstring(source.tree):
                found.append(f"{source.path}:1 the module")
            found += [
                f"{source.at(node)} {node.name}" for node in public_definitions(source) if not ast.get_docstring(node)
            ]
    none(found, "without a docstring")


def test_every_test_is_one_sentence(sources: list[Source]) -> None:
    """Every test function says in one sentence what is true."""
    found = []
    for source in sources:
        if source.within("tests") and source.path.name.startswith("test_"):
            for node in ast.walk(source.tree):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
                    text = " ".join((ast.get_docstring(node) or "").split())
                    if not re.fullmatch(r"\S.*[.]", text) or re.search(r"[.!?] [A-Z]", text):
                        found.append(f"{source.at(node)} {node.name}")
    none(found, "without a docstring of one sentence that ends in a full stop")


def test_names_say_something(sources: list[Source]) -> None:
    """No module is named by a word that says nothing."""
    found = [
        f"{source.path}: {part}"
        for source in sources
        if source.within("src", "tests", "scripts", "bench")
        for part in source.path.with_suffix("").parts
        if SAYS_NOTHING & set(part.lower().split("_"))
    ]
    none(found, "named by a word that says nothing")


def test_broad_excepts_are_named(sources: list[Source]) -> None:
    """Only the outermost loops that this file names catch everything."""
    found = []
    for source in sources:
        if source.within("src") and str(source.path) not in OUTERMOST_LOOPS:
            handlers = (node for node in ast.walk(source.tree) if isinstance(node, ast.ExceptHandler))
            found += [source.at(node) for node in handlers if catches_everything(node) and not reraises(node)]
    none(found, "catches everything and does not raise again (name the file in OUTERMOST_LOOPS if it must go on)")


def catches_everything(node: ast.ExceptHandler) -> bool:
    """Whether a handler is for every exception there is."""
    if node.type is None:
        return True
    kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    return bool({ast.unparse(kind) for kind in kinds} & {"Exception", "BaseException"})


def reraises(node: ast.ExceptHandler) -> bool:
    """Whether a handler always ends by raising: it only cleans up or translates."""
    return isinstance(node.body[-1], ast.Raise)


def test_ignores_name_their_code(sources: list[Source], read: Callable[[Source], str]) -> None:
    """No type error is ignored without its code, and no lint without its rule."""
    found = []
    for source in sources:
        for number, line in enumerate(read(source).splitlines(), start=1):
            if re.search(r"#\s*type:\s*ignore(?!\[)|#\s*noqa(?!:)(?=\s|$)", line):
                found.append(f"{source.path}:{number}")
    none(found, "ignores everything on a line")


def test_tests_do_not_wait(sources: list[Source]) -> None:
    """No test sleeps: time is a clock that the test moves."""
    found = []
    for source in sources:
        if source.within("tests") and str(source.path) not in ABOUT_REAL_TIME:
            for node, name in calls(source):
                yields = bool(node.args) and isinstance(node.args[0], ast.Constant) and node.args[0].value == 0
                if name in {"time.sleep", "asyncio.sleep", "anyio.sleep"} and not yields:
                    found.append(f"{source.at(node)} {ast.unparse(node)}")
    none(found, "waits for real time (sleep(0), which only yields, is fine)")


def test_domain_and_application_tests_use_no_mocks(sources: list[Source]) -> None:
    """The memory adapters are what tests of domain and application use."""
    found = [
        source.at(node)
        for source in sources
        if source.within("tests/domain", "tests/application")
        for node, name in imported(source)
        if name == "mock" or name.startswith("unittest")
    ]
    none(found, "imports unittest.mock")


def test_inner_modules_keep_no_state(sources: list[Source]) -> None:
    """Nothing in application, ports or compose is changed behind a module's back."""
    found = []
    for source in sources:
        if source.within(*STATELESS):
            for node in source.tree.body:
                value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
                constant = isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation).startswith(
                    ("Final", "ClassVar")
                )
                name = value.func if isinstance(value, ast.Call) else None
                if (
                    isinstance(value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp)
                    and not constant
                ) or (name is not None and ast.unparse(name).rpartition(".")[2] in MUTABLE_CALLS):
                    found.append(source.at(node))
            found += [source.at(node) for node in ast.walk(source.tree) if isinstance(node, ast.Global)]
    none(found, "mutable state of a module (a table that never changes is `Final` and a tuple, frozenset or mapping)")


def test_the_domain_only_computes(sources: list[Source]) -> None:
    """The domain imports itself, libraries that only compute, and the parts of the standard library that do."""
    found = []
    for source in sources:
        if source.within("src/sightline/domain"):
            allowed = DOMAIN_STDLIB | DOMAIN_LIBRARIES
            for place, more in DOMAIN_EXCEPTIONS.items():
                if source.within(place):
                    allowed = allowed | more
            for node, name in imported(source):
                if not name.startswith("sightline.domain") and name.partition(".")[0] not in allowed:
                    found.append(f"{source.at(node)} {name}")
    none(found, "not for the domain")


def test_what_is_imported_is_declared(sources: list[Source]) -> None:
    """Every library that the program imports stands among its dependencies or extras in pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    given = itertools.chain(project["dependencies"], *project["optional-dependencies"].values())
    declared = {canonical(re.split(r"[\[<>=~! ]", each)[0]) for each in given}
    packages = importlib.metadata.packages_distributions()
    found = [
        f"{source.at(node)} {name}"
        for source in sources
        if source.within("src")
        for node, name in imported(source)
        if (root := name.partition(".")[0]) not in sys.stdlib_module_names | {"sightline"}
        and not declared & {canonical(each) for each in packages.get(root, [])}
    ]
    none(found, "imported but not declared")


def canonical(distribution: str) -> str:
    """The name of a distribution as indexes know it."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def test_the_clock_is_a_port(sources: list[Source]) -> None:
    """Domain, ports and application ask the Clock for the time and nobody else."""
    asked = re.compile(
        r"(datetime|date)\.(now|utcnow|today)|time\.(time|time_ns|monotonic|perf_counter)|.*\bloop\(?\)?\.time"
    )
    found = [
        f"{source.at(node)} {name}"
        for source in sources
        if source.within(*DOCUMENTED) and not source.within("src/sightline/domain/kernels")
        for node, name in calls(source)
        if asked.fullmatch(name)
    ]
    none(found, "reads the machine's clock")


def test_everything_in_the_package_is_imported_by_its_own_name(sources: list[Source]) -> None:
    """Inside the package nobody imports the package root, which would tie every module to every other."""
    found = [
        source.at(node)
        for source in sources
        if source.within("src/sightline") and not source.within("src/sightline/__main__.py")
        for node in ast.walk(source.tree)
        if (
            isinstance(node, ast.ImportFrom)
            and (node.level or (node.module == "sightline" and names_something_else(node)))
        )
        or (isinstance(node, ast.Import) and any(alias.name == "sightline" for alias in node.names))
    ]
    none(
        found, "imports relatively or from the package root (`from sightline import __version__` is the one exception)"
    )


def names_something_else(node: ast.ImportFrom) -> bool:
    """Whether an import from the package root takes more than the version."""
    return any(alias.name != "__version__" for alias in node.names)


@pytest.mark.parametrize("statement", ["from sightline import compose", "from . import x"])
def test_the_rules_find_what_they_look_for(statement: str) -> None:
    """A planted import from the package root is seen as one."""
    node = ast.parse(statement).body[0]
    assert isinstance(node, ast.ImportFrom)
    assert node.level or names_something_else(node)
