"""How old a sample of this machine is when it arrives on the live stream."""

import json
import time

from bench.plan import Plan
from bench.programs import SIGHTLINE
from bench.result import Row, Section, percentile
from bench.server import Failed, running, scratch
from websockets.sync.client import connect

_EVERY = "1s"
_EARLY = 8.0  # while engine, kernels and alert rules are used for the first time


def measure(plan: Plan) -> Section:
    """Listen to /ws while the machine is read every second."""
    with scratch() as folder, running(SIGHTLINE, folder, ("--set", f"host.interval={_EVERY}")) as server:
        url = f"ws://127.0.0.1:{server.port}/ws?match[]={{job=%22node%22}}"
        early, _ = _listen(url, _EARLY)
        ages, frames = _listen(url, plan.live)
    return Section(
        "live",
        f"From a sample's timestamp to the arrival of its frame at a listener in Python, over {plan.live:g} s, "
        f"{_EARLY:g} s after the start; the machine is read every {_EVERY}. {len(ages):,} samples in {frames} frames.",
        [
            Row("p50", "ms", "lower", {SIGHTLINE.name: [percentile(ages, 0.5)]}, limit=1000),
            Row("p99", "ms", "lower", {SIGHTLINE.name: [percentile(ages, 0.99)]}, limit=1000),
            Row("largest", "ms", "lower", {SIGHTLINE.name: [ages[-1]]}, limit=1000),
            Row(
                f"largest in the first {_EARLY:g} s after the start",
                "ms",
                "lower",
                {SIGHTLINE.name: [early[-1]]},
                limit=1000,
            ),
        ],
        ["Neither peer has a live stream of samples."],
    )


def _listen(url: str, seconds: float) -> tuple[list[float], int]:
    """Ages of all samples in ms, in ascending order, and how many frames brought them."""
    ages: list[float] = []
    frames = 0
    deadline = time.monotonic() + seconds
    with connect(url, max_size=None) as stream:
        while (left := deadline - time.monotonic()) > 0:
            try:
                text = stream.recv(left)
            except TimeoutError:
                break
            arrived = time.time()
            heard = json.loads(text)
            if heard["type"] == "samples":
                frames += 1
                ages += [1000 * (arrived - at) for one in heard["series"] for at, _ in one["values"]]
    if not ages:
        raise Failed(f"no sample arrived within {seconds:g} s")
    return sorted(ages), frames
