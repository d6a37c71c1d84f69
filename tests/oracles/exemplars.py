"""The slow, obvious twin of the ring of exemplars: one list of everything, oldest first."""

from dataclasses import dataclass, field

Row = tuple[str, str, float, int, bool]
"""Series, own labels, value, time and whether the time is the exemplar's own."""


@dataclass
class Exemplars:
    """At most `most` rows."""

    most: int
    rows: list[Row] = field(default_factory=list)
    evicted: int = 0

    def add(self, row: Row) -> str:
        """What becomes of a row: the rules one after another."""
        series, labels, value, time, timed = row
        earlier = [one for one in self.rows if one[0] == series]
        if earlier:
            _, last_labels, last_value, last_time, last_timed = earlier[-1]
            same = (labels, value) == (last_labels, last_value)
            if same and (time == last_time if timed or last_timed else True):
                return "duplicate"
            if (time, value, labels) < (last_time, last_value, last_labels):
                return "out_of_order"
        self.rows.append(row)
        if len(self.rows) > self.most:
            del self.rows[0]
            self.evicted += 1
        return "kept"

    def of(self, series: str, start: int, end: int) -> list[tuple[str, float, int]]:
        """Own labels, value and time of a series' rows in a range."""
        return [(one[1], one[2], one[3]) for one in self.rows if one[0] == series and start <= one[3] <= end]
