import pytest

from sightline.domain.errors import SightlineError
from sightline.domain.promql.parse import parse
from sightline.domain.promql.presence import presence


@pytest.mark.parametrize(
    ("expression", "asked"),
    [
        ("up == 0", "group(up)"),
        ('absent(x{a="b"})', 'group(x{a="b"})'),
        ("x + x", "group(x)"),
        ("a / b > 1", "group(a) or group(b)"),
        ("rate(x[5m] offset 1m) > 1 or y @ 10", "group(present_over_time(x[5m] offset 1m)) or group(y @ 10.000)"),
        (
            "max_over_time(rate(x[5m])[1h:1m] offset 1h) > 1",
            "present_over_time(group(present_over_time(x[5m]))[1h:1m] offset 1h)",
        ),
        ("rate(x[5m] anchored)", "group(present_over_time(x[5m]))"),
        ("info(x, {k='v'})", "group(x)"),
        ("vector(1) > 0", ""),
        ("max_over_time(vector(1)[5m:])", ""),
    ],
)
def test_an_expression_that_tells_whether_there_is_anything(expression: str, asked: str) -> None:
    """Each selector is asked once, over the time that it reads, and any of them will do."""
    assert presence(expression) == asked
    if asked:
        parse(asked)


def test_what_cannot_be_parsed_is_refused() -> None:
    """As everywhere."""
    with pytest.raises(SightlineError):
        presence("sum(")
