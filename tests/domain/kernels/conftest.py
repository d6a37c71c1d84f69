"""Every body of a kernel: its NumPy twin, its loop as Python runs it, and its machine code."""

import os
from collections.abc import Callable
from typing import Any

import pytest

from sightline.domain.kernels.compiled import JIT, Kernel, machine_code

Bodies = Callable[[Kernel[..., Any]], list[Callable[..., Any]]]


@pytest.fixture(scope="session")
def bodies() -> Bodies:
    """The bodies of a kernel; without the machine code under SIGHTLINE_JIT=off."""
    compiled = {} if os.environ.get(JIT) == "off" else {one.name: body for one, body in machine_code()}

    def of(kernel: Kernel[..., Any]) -> list[Callable[..., Any]]:
        found: list[Callable[..., Any]] = [kernel.twin, kernel.loop]
        return [*found, compiled[kernel.name]] if compiled else found

    return of
