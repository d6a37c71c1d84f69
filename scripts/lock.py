"""Pins every dependency anew into uv.lock, without the names of registries.

`make lock` keeps the pins it can, `make lock ARGS=--upgrade` takes the newest of everything. uv writes the addresses of
the index it used into uv.lock; they are taken out again, leaving names, versions and hashes, so that everybody installs
from their own index.
"""

from __future__ import annotations

import re
import subprocess
import sys

import bootstrap
import install

LOCK = install.ROOT / "uv.lock"


def without_addresses(text: str) -> str:
    """A lock whose packages come from a relative place, so that it is the same wherever it was made."""
    text = re.sub(r'registry = "[^"]*"', 'registry = "index"', text)
    return re.sub(r'\burl = "[^"]*/([^"/#]+)"', r'path = "\1"', text)


def main(arguments: list[str]) -> None:
    """Resolve, then take the addresses out."""
    origin = bootstrap.sources()._replace(extra=[], links=[])  # a machine's own wheels would leave the others out
    uv = str(bootstrap.find_uv(install.TOOLS, origin))
    install.run([uv, "lock", *(arguments or ["--refresh"])], origin.environment(), "locking")
    LOCK.write_text(without_addresses(LOCK.read_text()))
    subprocess.run([uv, "lock", "--check", "--quiet", "--offline"], cwd=install.ROOT, check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
