"""What to say when an import has ended."""

from sightline.adapters.inbound.cli.history.tally import Tally
from sightline.adapters.inbound.cli.printing import show_json, time_text
from sightline.adapters.inbound.cli.program import say


def tell_account(tally: Tally, seconds: float, *, dry: bool, as_json: bool) -> None:
    """Tell the sums on standard output, and the troubles on standard error; with `as_json` all of it as one object."""
    counts = tally.read if dry else tally.stored
    if as_json:
        show_json(
            {
                "samples": counts,
                "before": tally.before,
                "series": tally.series,
                "first": None if tally.first is None else tally.first / 1000,
                "last": None if tally.last is None else tally.last / 1000,
                "seconds": round(seconds, 3),
                "refused": {
                    code: {"samples": one.samples, "error": one.message} for code, one in tally.refused.items()
                },
                "unread": tally.wrong,
                "histograms": tally.histograms,
                "series_without_samples": tally.bare,
                "skipped_old": tally.too_old,
                "outside": tally.outside,
                "problems": [{"where": where, "line": one.line, "error": one.message} for where, one in tally.unread],
            }
        )
        return
    for text in tally.shown:
        say(f"first series: {text}")
    for where, one in tally.unread:
        say(f"{where}, line {one.line}: {one.message}")
    if tally.wrong:
        say(f"{tally.wrong} {'lines' if tally.wrong != 1 else 'line'} could not be read and were left out")
    if tally.histograms:
        say(
            f"{tally.histograms} native histograms were left out, which a dump does not hold whole: "
            "bring them with `sightline import prometheus URL`"
        )
    if tally.bare:
        say(
            f"{tally.bare} series came without a sample: native histograms, most likely, which Prometheus before 2.44 does "
            "not tell by remote read"
        )
    for code, refused in tally.refused.items():
        say(f"{refused.samples} samples refused ({code}), the first: {refused.message}")
    if tally.too_old:
        say(f"{tally.too_old} samples older than the server keeps were skipped")
    if tally.outside:
        say(f"{tally.outside} samples outside --start and --end were skipped")
    span = ""
    if tally.first is not None and tally.last is not None:
        span = f", {time_text(tally.first / 1000)} to {time_text(tally.last / 1000)}"
    if dry:
        print(f"{counts} samples of {tally.series} series would be sent{span}")
    else:
        rate = f" ({counts / seconds:,.0f} a second)" if counts and seconds > 1 else ""
        print(f"{counts} samples stored in {seconds:.1f} s{rate}{span}")
