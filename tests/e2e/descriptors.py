"""What this process has open."""

import re
from pathlib import Path


def descriptors() -> dict[str, str]:
    """What this process has open, by number; chDB's own looks at its idle threads apart.

    When a query of its is cancelled, as by a stop, chDB opens every loaded library once, to name the frames of a stack.
    """
    found = {}
    loaded = {line.split(maxsplit=5)[-1] for line in Path("/proc/self/maps").read_text().splitlines()}
    for path in Path("/proc/self/fd").iterdir():
        try:
            target = str(path.readlink())
        except OSError:
            continue  # the one that lists the folder
        if not re.match(r"/proc/\d+/task/", target) and target not in loaded:
            found[path.name] = target
    return found
