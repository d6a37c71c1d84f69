"""How many files and sockets the program may have open at once."""

import resource
from typing import Final

ENOUGH: Final = 65_536
"""Thousands of probes that wait for dead hosts, a socket or two each, beside everything else."""


def allow_open_files(wanted: int = ENOUGH) -> int:
    """Raise what the shell gave us, often 1,024, as far as the machine lets us and it is of use; gives what there is then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft == resource.RLIM_INFINITY or soft >= most:
        return soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most
