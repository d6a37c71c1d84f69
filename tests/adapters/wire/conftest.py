"""Decoders as machine code, once for all tests that want them."""

import os

import pytest

from sightline.domain.kernels.compiled import JIT, compile_all

DECODERS = (
    "sightline.adapters.wire.family_scan",
    "sightline.adapters.wire.histogram_encode",
    "sightline.adapters.wire.histogram_scan",
    "sightline.adapters.wire.history_json",
    "sightline.adapters.wire.history_lines",
    "sightline.adapters.wire.history_numbers",
    "sightline.adapters.wire.influx_exact",
    "sightline.adapters.wire.influx_scan",
    "sightline.adapters.wire.otlp_histograms",
    "sightline.adapters.wire.otlp_keys",
    "sightline.adapters.wire.otlp_scan",
    "sightline.adapters.wire.remote_read_chunks",
    "sightline.adapters.wire.remote_read_histograms",
    "sightline.adapters.wire.remote_read_samples",
    "sightline.adapters.wire.remote_write2_scan",
    "sightline.adapters.wire.remote_write2_symbols",
    "sightline.adapters.wire.remote_write_encode",
    "sightline.adapters.wire.remote_write_exemplars",
    "sightline.adapters.wire.remote_write_scan",
    "sightline.adapters.wire.remote_write_text",
)


@pytest.fixture(scope="session")
def compiled_decoders() -> None:
    """Compile the decoders, or load them from the cache."""
    if os.environ.get(JIT, "").lower() == "off":
        pytest.skip(f"{JIT}=off")
    for _ in compile_all(DECODERS):
        pass
