"""What a body brings to a group: families under the group's labels.

Source: https://github.com/prometheus/pushgateway#about-the-job-and-instance-labels and #about-timestamps.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

from sightline.domain.errors import InconsistentPush
from sightline.domain.labels import Labels
from sightline.domain.push.group import OWN, PushedFamily
from sightline.domain.scrape.scraped import NO_TIME, Metadata, Scraped

_UNKNOWN: Final = Metadata()
_PARTS: Final[Mapping[str, frozenset[str]]] = {
    "_bucket": frozenset({"histogram", "gaugehistogram"}),
    "_sum": frozenset({"histogram", "summary"}),
    "_count": frozenset({"histogram", "summary"}),
    "_gsum": frozenset({"gaugehistogram"}),
    "_gcount": frozenset({"gaugehistogram"}),
}
"""What the names of samples add to that of their family, by the types of families that have such samples."""
_ADDED: Final = ("_total", "_info")  # what OpenMetrics alone adds to the name that a comment has


def arriving(scraped: Scraped, grouping: Mapping[str, str]) -> dict[str, PushedFamily]:
    """The families of a body by name; grouping labels go before labels of the same name, an empty one takes it away.

    Families that a group has of itself are left out.

    Raises:
        InconsistentPush: a sample has a time, or a series comes twice.
    """
    if np.any(scraped.times != NO_TIME):
        at = int(np.flatnonzero(scraped.times != NO_TIME)[0])
        message = f"pushed metrics must not have timestamps, and {scraped.labels[int(scraped.series[at])]} has one"
        raise InconsistentPush(message)
    if scraped.duplicates:
        raise InconsistentPush(f"{scraped.duplicates} series come twice in what was pushed")
    found: dict[str, dict[Labels, float]] = {}
    said: dict[str, Metadata] = {}
    for number, value in zip(scraped.series.tolist(), scraped.values.tolist(), strict=True):
        shown = scraped.labels[number]
        name, metadata = _family(shown.name, scraped.metadata)
        if name in OWN:
            continue
        labels = Labels.of(shown, **grouping)
        samples = found.setdefault(name, {})
        if labels in samples:
            raise InconsistentPush(f"series {labels} comes twice in what was pushed")
        samples[labels] = value
        said[name] = metadata
    return {name: PushedFamily(said[name], tuple(samples.items())) for name, samples in found.items()}


def _family(name: str, said: Mapping[str, Metadata]) -> tuple[str, Metadata]:
    """The family of a sample by the sample's name, and what a body says of it."""
    if name in said:
        return name, said[name]
    for suffix, types in _PARTS.items():
        family = name.removesuffix(suffix)
        if family != name and family in said and said[family].type in types:
            return family, said[family]
    for suffix in _ADDED:
        family = name.removesuffix(suffix)
        if family != name and family in said:
            return name, said[family]
    return name, _UNKNOWN
