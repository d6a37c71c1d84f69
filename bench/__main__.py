"""Measure Sightline beside its peers: `make bench`, or `python -m bench --quick --only intake queries`.

Peers are the Debian packages `prometheus` and `victoria-metrics` (and `prometheus-node-exporter` for what they watch); one that is
not installed is reported as absent. Results go to bench/results/ as a page and as JSON. A measured Sightline that somebody edits
meanwhile is not one Sightline: measure a clone where several people work.
"""

import argparse
import sys
import time
from datetime import UTC, datetime
from http.client import HTTPException
from pathlib import Path
from typing import Final

from bench.machine import describe, load, withheld
from bench.plan import FULL, QUICK, Plan
from bench.plot import svg
from bench.registry import MEASUREMENTS, ON_REQUEST
from bench.report import Report, encoded, markdown, plots
from bench.result import Section
from bench.server import Failed

_RESULTS: Final = Path(__file__).parent / "results"


def main() -> int:
    """Run what was asked for; exit code 1 when something could not be measured."""
    asked = _arguments()
    plan = QUICK if asked.quick else FULL
    names = [name for name in MEASUREMENTS if (name in asked.only if asked.only else name not in ON_REQUEST)]
    date = datetime.now(UTC).strftime("%Y-%m-%d")
    started = time.monotonic()
    loads: dict[str, float] = {}
    shares: dict[str, float] = {}
    sections = []
    for name in names:
        loads[name] = load()
        print(f"{time.monotonic() - started:5.0f} s  {name}", file=sys.stderr, flush=True)
        before, begun = withheld(), time.monotonic()
        sections.append(_measured(name, plan))
        shares[name] = 100 * (withheld() - before) / (time.monotonic() - begun)
    report = Report(date, plan.name, describe(), loads, shares, time.monotonic() - started, sections)
    stem = asked.name or (
        date if plan is FULL and not asked.only else f"{date}-{plan.name}-{'-'.join(asked.only or ['all'])}"
    )
    print(markdown(report, stem))
    if not asked.dry:
        _write(report, stem)
    return int(any(section.failure for section in sections))


def _write(report: Report, stem: str) -> None:
    _RESULTS.mkdir(exist_ok=True)
    (_RESULTS / f"{stem}.md").write_text(markdown(report, stem), encoding="utf-8")
    (_RESULTS / f"{stem}.json").write_bytes(encoded(report))
    for name, plot in plots(report, stem).items():
        (_RESULTS / name).write_text(svg(plot), encoding="utf-8")
    print(f"written to bench/results/{stem}.md and .json", file=sys.stderr)


def _measured(name: str, plan: Plan) -> Section:
    """One measurement; one that fails does not take the others with it."""
    try:
        return MEASUREMENTS[name](plan)
    except (Failed, OSError, HTTPException) as error:
        print(f"         {name} failed: {error}", file=sys.stderr, flush=True)
        return Section(name, "", failure=str(error))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure Sightline beside its peers.")
    parser.add_argument("--quick", action="store_true", help="smaller sizes and fewer runs, about ten minutes")
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=list(MEASUREMENTS), help=", ".join(MEASUREMENTS))
    parser.add_argument("--name", help="name of the result files [default: the date]")
    parser.add_argument("--dry", action="store_true", help="print the result and write no file")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
