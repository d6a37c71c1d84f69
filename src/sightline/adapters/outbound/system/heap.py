"""Memory that was freed and that the C library keeps for itself."""

import ctypes
from collections.abc import Callable


def heap_trimmer() -> Callable[[], None] | None:
    """What hands free pages of the heap back to the system; None where the C library has no such thing (musl, macOS).

    Of what a flush works with, holes are left between what stays: glibc hands back only what is free at the end of the heap
    by itself. Call it in a thread: other threads go on meanwhile but for their allocations, which wait for some 0.1 ms a MB that is
    handed back.

    Source: malloc_trim(3).
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is None:
        return None

    def trimmed() -> None:
        trim(ctypes.c_size_t(0))

    return trimmed
