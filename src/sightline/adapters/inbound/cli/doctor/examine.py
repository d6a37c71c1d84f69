"""Look at everything, say what was found, and what to do."""

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from sightline.adapters.inbound.cli import printing
from sightline.adapters.inbound.cli.doctor.bundle import write_bundle
from sightline.adapters.inbound.cli.doctor.door import check_door, reach
from sightline.adapters.inbound.cli.doctor.finding import Finding, Verdict, fail, ok
from sightline.adapters.inbound.cli.doctor.folder import check_folder
from sightline.adapters.inbound.cli.doctor.installation import Installation
from sightline.adapters.inbound.cli.doctor.machine import check_machine
from sightline.adapters.inbound.cli.program import Ended, Exit, say

_COLOURS: Final = {Verdict.OK: "32", Verdict.WARN: "33", Verdict.FAIL: "1;31"}


def examine(installation: Installation, bundle: Path | None = None, log: Path | None = None) -> int:
    """Print the findings, and write the bundle where one is wanted; refused when something fails."""
    installation, unusable = _with_usable_token(installation)
    findings = [*look(installation), *unusable]
    if installation.asking.as_json:
        rows = [{"part": one.part, "verdict": one.verdict, "text": one.text, "remedy": one.remedy} for one in findings]
        printing.show_json({"findings": rows})
    else:
        _show(findings)
    if bundle is not None:
        write_bundle(bundle, installation, findings, log)
        say(f"{bundle} is written; it holds no data, and secrets are taken out. Look through it before you pass it on.")
    return Exit.REFUSED if any(one.verdict is Verdict.FAIL for one in findings) else Exit.DONE


def _with_usable_token(installation: Installation) -> tuple[Installation, list[Finding]]:
    """The installation without a token that cannot be read, for much can be seen without, and what is to be said about that."""
    try:
        reach(installation.asking, "/health")
    except Ended as end:
        if installation.asking.token_file is None:
            raise
        finding = fail("access", str(end), "Run the doctor as a user who may read it.")
        return replace(installation, asking=replace(installation.asking, token_file=None)), [finding]
    return installation, []


def look(installation: Installation) -> Iterator[Finding]:
    """Every finding, from the settings outwards."""
    yield from _settings(installation)
    yield from check_machine(dict(os.environ))
    health, now = reach(installation.asking, "/health"), time.time()
    yield from check_folder(installation.data, installation.min_free, answered=health is not None)
    yield from check_door(installation.asking, installation.listen, health, now)


def _settings(installation: Installation) -> Iterator[Finding]:
    for problem in installation.problems:
        yield fail("settings", problem, "sightline check-config shows all that is wrong with the settings.")
    if not installation.problems:
        there = installation.settings_file.is_file()
        yield ok(
            "settings",
            f"{installation.settings_file}" if there else "no settings file; defaults, environment and flags",
        )


def _show(findings: Sequence[Finding]) -> None:
    terminal = printing.on_terminal()
    width = max(len(one.part) for one in findings)
    for one in findings:
        word = f"{one.verdict.value:<4}"
        if terminal:
            word = f"\x1b[{_COLOURS[one.verdict]}m{word}\x1b[0m"
        print(f"{word}  {one.part:<{width}}  {printing.visible(one.text)}")
        if one.remedy:
            print(f"{'':<4}  {'':<{width}}  -> {one.remedy}")
