"""NumPy columns as Arrow arrays."""

import subprocess
import sys

import numpy as np
import pytest

from sightline.adapters.inbound.http.columns import flags, numbers, texts


@pytest.mark.parametrize("values", [[], [1, -2, 2**62], [0.5, float("inf"), -0.0]])
def test_numbers_keep_their_values(values: list[float]) -> None:
    """Whole numbers and fractions, none or many, come out as they went in, a stride between them or not."""
    column = np.array(values, np.float64 if any(isinstance(value, float) for value in values) else np.int64)
    assert numbers(column).to_pylist() == values
    assert numbers(np.repeat(column, 2)[::2]).to_pylist() == values


@pytest.mark.parametrize("count", [0, 1, 8, 13])
def test_flags_keep_their_places(count: int) -> None:
    """Bits are packed in Arrow's order, whatever their number."""
    values = [number % 3 == 0 for number in range(count)]
    assert flags(np.array(values, np.bool_)).to_pylist() == values


def test_texts_keep_their_characters() -> None:
    """Empty texts and such of several bytes a character stand as they are."""
    assert texts(["", "1e+21", "größer", "☃"]).to_pylist() == ["", "1e+21", "größer", "☃"]


def test_an_answer_is_written_without_pandas() -> None:
    """Rendering numbers and times does not import what would hold up the first answer after a start."""
    program = (
        "import sys, numpy as np\n"
        "from sightline.adapters.inbound.http import answers\n"
        "from sightline.adapters.inbound.http.floats import sample_texts, time_texts\n"
        "answers._openings(time_texts(np.array([1500, 2000])))\n"
        "sample_texts(np.array([1.5, 1e22, 12345678901.25]))\n"
        "sys.exit('pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0
