"""What runs files of rule tests and tells what came of them."""

import asyncio
import glob
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sightline.adapters.inbound.cli import printing
from sightline.adapters.inbound.cli.printing import show_json, visible
from sightline.adapters.inbound.cli.program import Ended, Exit, no_flags, say
from sightline.adapters.inbound.cli.rules import (
    TOLD_AFTER,
    TOLD_EVERY,
    TOLD_EVERY_ON_TERMINAL,
    read_groups,
    template_warnings,
)

if TYPE_CHECKING:
    from sightline.domain.alerts.group import RuleGroup
    from sightline.domain.alerts.unit_tests import Failure, Outcome, TestGroup, UnitTests

MAX_FILE_BYTES: Final = 16 << 20
"""Size of one file of tests."""

Rehearse = Callable[["UnitTests", "TestGroup", Sequence["RuleGroup"], Callable[[int], None]], Awaitable["Outcome"]]
"""Runs one group of tests, with the groups of rules in their order; is told of the instants that are reached."""


@dataclass(slots=True)
class _Result:
    """What became of a file. problems: why it cannot be used."""

    file: str
    count: int = 0
    passed: int = 0
    failures: list["Failure"] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not self.failures and not self.problems


def try_rules(files: Sequence[Path], names: Sequence[str], rehearse: Rehearse, *, as_json: bool) -> int:
    """Run the tests of files, those of groups whose name has one of the regexes where there are any; returns the exit code."""
    if not files:
        raise Ended(Exit.USAGE, "name the files with tests, as `sightline rules test tests/*.yml`")
    no_flags(files)
    wanted = _wanted(names)
    results = []
    try:
        for file in files:
            result = _tried(file, wanted, rehearse)
            results.append(result)
            if not as_json:
                _show(result)
    except KeyboardInterrupt:
        say("stopped; what was not run has not passed")
        return Exit.REFUSED
    count, passed = sum(one.count for one in results), sum(one.passed for one in results)
    if as_json:
        show_json({"tests": count, "passed": passed, "files": [_as_json(one) for one in results]})
    else:
        unused = sum(bool(one.problems) for one in results)
        left = f"; {_many(unused, 'file')} cannot be used" if unused else ""
        print(f"{_many(len(results), 'file')}, {_many(count, 'test')}: {passed} passed, {count - passed} failed{left}")
    return Exit.DONE if all(one.is_good for one in results) else Exit.REFUSED


def _wanted(names: Sequence[str]) -> Callable[[str], bool]:
    from sightline.domain.errors import BadData
    from sightline.domain.regex import compiled_regex

    try:
        regexes = [compiled_regex(one) for one in names]
    except BadData as error:
        raise Ended(Exit.USAGE, f"--run: {error.message}") from None
    return lambda name: not regexes or any(one.search(name) for one in regexes)


def _tried(file: Path, wanted: Callable[[str], bool], rehearse: Rehearse) -> _Result:
    """Run what is wanted of one file."""
    from sightline.adapters.wire.rule_test_file import read_rule_tests

    result = _Result(str(file))
    try:
        with file.open("rb") as opened:
            text = opened.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise Ended(Exit.USAGE, f"{file} cannot be read: {error.strerror}") from None
    if len(text) > MAX_FILE_BYTES:
        result.problems.append(f"{file}: larger than {MAX_FILE_BYTES >> 20} MiB: split it into several files")
        return result
    read = read_rule_tests(text)
    if read.tests is None:
        result.problems += (f"{file}:{problem}" for problem in read.problems)
        return result
    result.warnings += (f"{file}:{warning}" for warning in read.tests.warnings)
    try:
        rules = _rules(file, read.tests, result)
    except Ended as ended:
        result.problems += str(ended).splitlines()
        return result
    for group in read.tests.groups:
        if wanted(group.name):
            progress = _Progress(f"{file}:{group.place}", group.length)
            outcome = asyncio.run(_awaited(rehearse(read.tests, group, rules, progress)))
            result.count += outcome.count
            result.passed += outcome.passed
            result.failures += outcome.failures
    return result


async def _awaited(outcome: Awaitable["Outcome"]) -> "Outcome":
    return await outcome


def _rules(file: Path, tests: "UnitTests", result: _Result) -> list["RuleGroup"]:
    """The groups of the rule files, in the order in which they are evaluated."""
    paths: dict[str, None] = {}
    for pattern in tests.rule_files:
        path = str(file.parent / pattern)
        found = sorted(glob.glob(path))  # noqa: PTH207 - Path.glob refuses absolute patterns, and its * takes dotfiles too
        if not found:
            result.warnings.append(f"{file}: rule_files: {pattern} leads to no file")
        paths.update(dict.fromkeys(found))
    groups = read_groups([Path(path) for path in paths], None) if paths else []
    result.warnings += template_warnings(groups)
    places = {name: place for place, name in enumerate(tests.order)}
    return sorted(groups, key=lambda group: places.get(group.name, 0))


class _Progress:
    """Tells on standard error how far a group of tests is, from two seconds after its beginning."""

    def __init__(self, where: str, length: int) -> None:
        self._where, self._length = where, length
        self._began = time.monotonic()
        self._told = -TOLD_EVERY
        self._every = TOLD_EVERY_ON_TERMINAL if printing.on_terminal() else TOLD_EVERY

    def __call__(self, at: int) -> None:
        since = time.monotonic() - self._began
        if since >= TOLD_AFTER and since - self._told >= self._every:
            self._told = since
            say(f"{100 * at // max(1, self._length)} %: {self._where} up to {_instant(at)}")


def _show(result: _Result) -> None:
    for warning in result.warnings:
        say(f"warning: {warning}")
    for problem in result.problems:
        say(problem)
    if result.problems:
        print(f"FAIL  {result.file}: cannot be used")
        return
    told = _many(result.count, "test")
    failed = f"{result.count - result.passed} of {told}"
    print(f"ok    {result.file}: {told}" if result.is_good else f"FAIL  {result.file}: {failed}")
    for failure in result.failures:
        print(visible(f"  {result.file}:{failure.place}: {failure.what} at {_instant(failure.at)}{_named(failure)}"))
        for line in _lines(failure):
            print(f"      {visible(line)}")


def _lines(failure: "Failure") -> Iterator[str]:
    if failure.error:
        yield failure.error
    what = max((len(one.what) for one in failure.differences), default=0)
    expected = max((len(one.expected) for one in failure.differences), default=0)
    for one in failure.differences:
        yield f"{one.what:<{what}}  expected {one.expected:<{expected}}  found {one.found}"


def _as_json(result: _Result) -> dict[str, Any]:
    return {
        "file": result.file,
        "tests": result.count,
        "passed": result.passed,
        "problems": result.problems,
        "warnings": result.warnings,
        "failures": [
            {
                "place": one.place,
                "group": one.group,
                "test": one.what,
                "at": one.at / 1000,
                "error": one.error,
                "differences": [
                    {"what": each.what, "expected": each.expected, "found": each.found} for each in one.differences
                ],
            }
            for one in result.failures
        ],
    }


def _named(failure: "Failure") -> str:
    return f", in {failure.group!r}" if failure.group else ""


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _instant(milliseconds: int) -> str:
    from sightline.domain.timerange import format_duration

    return format_duration(milliseconds)
