"""What to say when an import has ended."""

from typing import Any

from sightline.adapters.inbound.cli.history.tally import Tally
from sightline.adapters.inbound.cli.printing import show_json, time_text
from sightline.adapters.inbound.cli.program import say


def some(count: int, noun: str) -> str:
    """A number of things."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def tell_account(tally: Tally, seconds: float, *, dry: bool, as_json: bool, is_over: bool) -> None:
    """Tell the sums on standard output, and the troubles on standard error; with `as_json` all of it as one object.

    is_over: the source was read to its end.
    """
    counts = tally.read if dry else tally.stored
    if as_json:
        show_json(_fields(tally, counts, seconds))
        return
    _tell_troubles(tally)
    if is_over and tally.is_empty:
        say("nothing was found to import")
    span = ""
    if counts and tally.first is not None and tally.last is not None:
        span = f", {time_text(tally.first / 1000)} to {time_text(tally.last / 1000)}"
    if dry:
        print(f"{some(counts, 'sample')} of {tally.series} series would be sent{span}")
    else:
        rate = f" ({counts / seconds:,.0f} a second)" if counts and seconds > 1 else ""
        print(f"{some(counts, 'sample')} stored in {seconds:.1f} s{rate}{span}")


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _tell_troubles(tally: Tally) -> None:
    """What was not stored, and the first series where they are counted."""
    for text in tally.shown:
        say(f"first series: {text}")
    for where, one in tally.unread:
        say(f"{where}, line {one.line}: {one.message}")
    if tally.wrong:
        say(f"{some(tally.wrong, 'line')} could not be read and {_were(tally.wrong)} left out")
    if tally.histograms:
        say(
            f"{some(tally.histograms, 'native histogram')} {_were(tally.histograms)} left out, which a dump does not hold whole: "
            "bring them with `sightline import prometheus URL`"
        )
    if tally.bare:
        say(
            f"{tally.bare} series came without a sample: native histograms, most likely, which Prometheus before 2.44 does "
            "not tell by remote read"
        )
    for code, refused in tally.refused.items():
        say(f"{some(refused.samples, 'sample')} refused ({code}), the first: {refused.message}")
    if tally.too_old:
        say(f"{some(tally.too_old, 'sample')} older than the server keeps {_were(tally.too_old)} skipped")
    if tally.outside:
        say(f"{some(tally.outside, 'sample')} outside --start and --end {_were(tally.outside)} skipped")


def _fields(tally: Tally, counts: int, seconds: float) -> dict[str, Any]:
    """All of it as JSON has it."""
    return {
        "samples": counts,
        "before": tally.before,
        "series": tally.series,
        "first": None if tally.first is None else tally.first / 1000,
        "last": None if tally.last is None else tally.last / 1000,
        "seconds": round(seconds, 3),
        "refused": {code: {"samples": one.samples, "error": one.message} for code, one in tally.refused.items()},
        "unread": tally.wrong,
        "histograms": tally.histograms,
        "series_without_samples": tally.bare,
        "skipped_old": tally.too_old,
        "outside": tally.outside,
        "problems": [{"where": where, "line": one.line, "error": one.message} for where, one in tally.unread],
    }
