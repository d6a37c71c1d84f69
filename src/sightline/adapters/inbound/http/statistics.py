"""What a query took, as Prometheus' parameter `stats` asks for it.

Named as in util/stats/query_stats.go; what is not measured here, such as the time of sorting, is left out.
"""

from typing import Any

import msgspec

from sightline.application.watch import QueryRun
from sightline.domain.timerange import SECOND

ALL = "all"
"""The value of the parameter that asks for figures of each step."""


class Told:
    """Remembers the run that it is told of, to show what it took."""

    def __init__(self, wanted: str) -> None:
        self._wanted = wanted
        self._run: QueryRun | None = None

    def __call__(self, run: QueryRun) -> None:
        """The query has been answered."""
        self._run = run

    def json(self) -> bytes:
        """The object that stands under `stats`; empty when nothing was told."""
        return b"" if self._run is None else msgspec.json.encode(_described(self._run, per_step=self._wanted == ALL))


def _described(run: QueryRun, *, per_step: bool) -> dict[str, Any]:
    samples: dict[str, Any] = {}
    if run.touched is not None:
        if per_step:
            times = run.question.grid.times().tolist()
            pairs = zip(times, run.touched.tolist(), strict=True)
            samples["totalQueryableSamplesPerStep"] = [[time / SECOND, count] for time, count in pairs]
        samples["totalQueryableSamples"] = int(run.touched.sum())
    samples["samplesRead"] = run.samples
    timings = {
        "evalTotalTime": run.fetching + run.evaluating,
        "queryPreparationTime": run.fetching,
        "innerEvalTime": run.evaluating,
        "execQueueTime": run.waiting,
        "execTotalTime": run.took,
    }
    return {"timings": timings, "samples": samples}
