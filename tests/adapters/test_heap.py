"""Memory that was freed goes back to the system."""

import ctypes
from pathlib import Path

from sightline.adapters.outbound.system.heap import heap_trimmer

PIECE = 16 << 10
PIECES = 4_000


def own_bytes() -> int:
    """Memory of this process that no file stands behind."""
    status = Path("/proc/self/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("RssAnon"))
    return int(line.split()[1]) << 10


def test_what_was_freed_between_what_stays_is_handed_back() -> None:
    """Of every eight pieces of the heap one stays, so that the C library hands back nothing by itself."""
    trim = heap_trimmer()
    assert trim is not None
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    pieces = [libc.malloc(ctypes.c_size_t(PIECE)) for _ in range(PIECES)]
    for piece in pieces:
        ctypes.memset(ctypes.c_void_p(piece), 1, PIECE)
    for number, piece in enumerate(pieces):
        if number % 8:
            libc.free(ctypes.c_void_p(piece))
    before = own_bytes()
    trim()
    assert before - own_bytes() > PIECES * PIECE * 3 // 4
    for piece in pieces[::8]:
        libc.free(ctypes.c_void_p(piece))
