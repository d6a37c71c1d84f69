"""Compile all kernels into the cache: `python -m sightline.domain.kernels [module ...]`, with other modules that register some."""

import sys
import time

from sightline.domain.kernels.compiled import OWN_MODULES, compile_all


def main(modules: list[str]) -> None:
    """Compile, one line of progress for each kernel."""
    started = time.monotonic()
    for name in compile_all((*OWN_MODULES, *modules)):
        sys.stdout.write(f"{name} {time.monotonic() - started:.1f} s\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
