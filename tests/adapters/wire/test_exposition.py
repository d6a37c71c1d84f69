"""The text exposition format, as promtool and the letter of the format want it."""

import math
import subprocess
from collections.abc import Callable

import pytest

from sightline.adapters.outbound.prometheus_client.telemetry import PrometheusTelemetry
from sightline.adapters.wire.exposition import encode
from sightline.ports.telemetry import Family, Instrument, Kind, Point

PLAIN = Instrument("requests_total", "How many.", Kind.COUNTER, ("code",))


def page(instrument: Instrument, *points: Point) -> str:
    """The page of one family."""
    return encode([Family(instrument, points)]).decode()


def test_a_family_is_help_type_and_samples() -> None:
    """Help and type come once, then one line a point, labels in their order."""
    assert page(
        PLAIN, Point("requests_total", (("code", "200"), ("b", "x")), 3.0), Point("requests_total", (), 1027.0)
    ) == (
        "# HELP requests_total How many.\n"
        "# TYPE requests_total counter\n"
        'requests_total{code="200",b="x"} 3\n'
        "requests_total 1027\n"
    )


def test_text_is_escaped() -> None:
    """Backslash and line feed are escaped in help, and the quotation mark too in label values."""
    awkward = 'back\\slash "quoted"\nline'
    text = page(Instrument("a", awkward, Kind.GAUGE), Point("a", (("l", awkward),), 0.0))
    assert text.splitlines()[0] == '# HELP a back\\\\slash "quoted"\\nline'
    assert text.splitlines()[2] == 'a{l="back\\\\slash \\"quoted\\"\\nline"} 0'


def test_names_beyond_the_old_characters_are_quoted() -> None:
    """A metric or label name that version 0.0.4 cannot write is quoted as version 1.0.0 does."""
    text = page(
        Instrument("http.server.duration", "H.", Kind.GAUGE),
        Point("http.server.duration", (("service.name", "a"), ("zone", "b")), 1.5),
        Point("http.server.duration", (), 2.5),
    )
    assert text == (
        '# HELP "http.server.duration" H.\n'
        '# TYPE "http.server.duration" gauge\n'
        '{"http.server.duration","service.name"="a",zone="b"} 1.5\n'
        '{"http.server.duration"} 2.5\n'
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"),
        (1e300, "1e+300"),
        (-5.0, "-5"),
        (-0.0, "-0"),
        (1795247347.654, "1795247347.654"),
        (2.0**53, "9007199254740992"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
        (math.nan, "NaN"),
    ],
)
def test_numbers_are_the_shortest_that_read_back(value: float, text: str) -> None:
    """Values are written so that they read back to the same double, infinities and NaN as Go spells them."""
    assert page(PLAIN, Point("requests_total", (), value)).splitlines()[-1] == f"requests_total {text}"


def test_no_families_are_an_empty_page() -> None:
    """Nothing to expose is an empty page."""
    assert encode([]) == b""


def test_promtool_accepts_our_page(require_binary: Callable[[str, str], str]) -> None:
    """Prometheus' own checker reads a page of all kinds, process metrics included, and has nothing to complain about."""
    telemetry = PrometheusTelemetry()
    telemetry.add(Instrument("x_requests_total", 'With "quotes" and \\.', Kind.COUNTER, ("path",)), 2, ('/"a"\n\\',))
    telemetry.set(Instrument("x_depth", "Depth.", Kind.GAUGE), math.inf)
    telemetry.observe(Instrument("x_seconds", "Time.", Kind.HISTOGRAM, (), (0.1, 1.0)), 0.5)
    body = encode(telemetry.families())
    command = [require_binary("promtool", "prometheus"), "check", "metrics"]
    checked = subprocess.run(command, input=body, capture_output=True, timeout=20, check=False)
    complaints = checked.stderr.decode() + checked.stdout.decode()
    assert (checked.returncode, complaints) == (0, "")
