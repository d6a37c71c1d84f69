"""The files of history that are imported."""

import json
from pathlib import Path

from bench.history import SERIES, write_dump, write_lines

from sightline.adapters.wire.history_json import JsonReader
from sightline.adapters.wire.history_text import Lines, TextReader


def test_both_files_hold_the_same(tmp_path: Path) -> None:
    """The dump and the export are of the same samples, and as many as they say."""
    last = 1_700_000_000_000
    total = write_dump(tmp_path / "dump", 10 * SERIES, last)
    assert write_lines(tmp_path / "lines", 10 * SERIES, last, most=4) == total == 10 * SERIES
    assert len(json.loads((tmp_path / "lines").read_text().splitlines()[0])["values"]) == 4
    dump = TextReader(Lines.DUMP).read((tmp_path / "dump").read_bytes(), 1).batch
    lines = JsonReader().read((tmp_path / "lines").read_bytes(), 1).batch
    assert len(dump) == total
    assert list(dump.labels) == list(lines.labels)
    for one in ("series", "times", "values"):
        assert getattr(dump, one).tolist() == getattr(lines, one).tolist()
