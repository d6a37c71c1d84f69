"""Errors that say where."""

import pytest

from sightline.domain.errors import InvalidField


@pytest.mark.parametrize(
    ("message", "field", "said", "at"),
    [
        ("name: is empty", "name", "windows[0].name: is empty", "windows[0].name"),
        ("the body: wants an object", "", "windows[0]: wants an object", "windows[0]"),
        ("[3].name: is empty", "[3].name", "windows[0][3].name: is empty", "windows[0][3].name"),
        (
            "rrule and cron: leave one of them out",
            "rrule",
            "windows[0]: rrule and cron: leave one of them out",
            "windows[0]",
        ),
        ("it is nothing", "", "windows[0]: it is nothing", "windows[0]"),
    ],
)
def test_a_field_is_told_by_its_path_from_outside(message: str, field: str, said: str, at: str) -> None:
    """One path, whatever of the inner body is wrong, all of it included; what else is known of it stays."""
    error = InvalidField(message, field=field, line=7).within("windows[0]")
    assert (error.message, error.detail) == (said, {"field": at, "line": 7})
