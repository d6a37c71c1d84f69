"""Batches of a source."""

from sightline.domain.labels import Labels
from sightline.domain.metrics.readings import Batches, Pairs


def test_readings_become_a_batch_of_one_instant() -> None:
    """Each reading is one sample at the given time, in order, under its labels and the target's."""
    batch = Batches("node", "box").make(5, {("load", ()): 1.5, ("cpu", (("mode", "idle"), ("gone", ""))): 2})
    assert batch.labels == (
        Labels.of(__name__="load", job="node", instance="box"),
        Labels.of(__name__="cpu", job="node", instance="box", mode="idle"),
    )
    assert (batch.series.tolist(), batch.times.tolist(), batch.values.tolist()) == ([0, 1], [5, 5], [1.5, 2.0])


def test_series_keep_their_label_sets_while_they_are_read() -> None:
    """A series of the last batch is the same object in the next, and one that was away meanwhile is an equal one."""
    batches = Batches("node", "box")
    both: dict[tuple[str, Pairs], float] = {("a", ()): 1.0, ("b", ()): 2.0}
    first, second = batches.make(1, both), batches.make(2, both)
    assert second.labels is first.labels
    alone = batches.make(3, {("b", ()): 2.0})
    assert alone.labels[0] is first.labels[1]
    again = batches.make(4, both)
    assert again.labels == first.labels
    assert again.labels[1] is first.labels[1]


def test_nothing_read_is_an_empty_batch() -> None:
    """No readings give a batch without series and samples."""
    batch = Batches("node", "box").make(1, {})
    assert (batch.labels, len(batch)) == ((), 0)


def test_a_label_that_is_also_the_targets_is_kept_under_another_name() -> None:
    """A reading's own job or instance becomes exported_job or exported_instance, so that two readings stay two series."""
    batch = Batches("node", "box").make(1, {("runs", (("job", "a"),)): 1.0, ("runs", (("job", "b"),)): 2.0})
    assert batch.labels == (
        Labels.of(__name__="runs", job="node", instance="box", exported_job="a"),
        Labels.of(__name__="runs", job="node", instance="box", exported_job="b"),
    )
