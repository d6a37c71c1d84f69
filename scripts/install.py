"""Makes .venv: Sightline with its pinned dependencies, the built web UI and compiled kernels.

`python3 scripts/install.py run` installs what the program needs; `test` adds the tools and, where it may, the Debian
packages that tests start for real. Nothing is done twice: a fingerprint of everything that decides the result is kept
in .venv.

It needs nothing but Python 3.11 and says so on an older one: standard library only, and syntax that old Pythons read.
"""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import bootstrap
import webui

ROOT = webui.ROOT
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
TOOLS = ROOT / ".venv-tools"
DONE = VENV / ".sightline-setup.json"
OLDEST = (3, 11)
NEWER_NAMES = ("python3.14", "python3.13", "python3.12", "python3.11")
INPUTS = (
    "pyproject.toml",
    "uv.lock",
    "hatch_build.py",
    "scripts/bootstrap.py",
    "scripts/install.py",
    "scripts/webui.py",
)
# Folders whose functions Numba compiles: the kernels' own first.
COMPILED = (
    "src/sightline/domain/kernels",
    "src/sightline/adapters/wire",
    "src/sightline/adapters/outbound/clickhouse",
    "src/sightline/adapters/inbound/http",
)

REGISTERS_KERNELS = re.compile(r"^from sightline\.domain\.kernels\.compiled import .*\bkernel\b", re.MULTILINE)


def say(text: str) -> None:
    """One line of progress."""
    print(f"sightline: {text}", file=sys.stderr, flush=True)


def use_new_python() -> None:
    """Go on under a Python that is new enough, or say which one to install."""
    if sys.version_info >= OLDEST:
        return
    for name in NEWER_NAMES:
        newer = shutil.which(name)
        if newer and subprocess.run([newer, "-c", ""], check=False, capture_output=True).returncode == 0:
            os.execv(newer, [newer, *sys.argv])  # noqa: S606 (replaces this process, no shell)
    message = (
        f"Sightline needs Python 3.11 or newer; {sys.executable} is {platform.python_version()} "
        "and no newer one is on PATH.\n"
        "  Debian 12 and Ubuntu 24.04 have it as python3; on Ubuntu 22.04: apt-get install python3.11\n"
        "  One that lies elsewhere: make run PYTHON=/path/to/python3.11"
    )
    raise bootstrap.BootstrapError(message)


def fingerprint(mode: str) -> str:
    """A digest of everything that decides what is in .venv."""
    digest = hashlib.sha256(f"{mode} {sys.version_info[:2]} {platform.machine()} {ROOT}".encode())
    for name in INPUTS:
        digest.update((ROOT / name).read_bytes())
    digest.update(webui.sources_digest().encode())
    return digest.hexdigest()


def kernels_fingerprint() -> str:
    """A digest of every source that Numba compiles and of the versions that decide the result."""
    digest = hashlib.sha256((ROOT / "uv.lock").read_bytes() + platform.processor().encode())
    for folder in COMPILED:
        for path in sorted((ROOT / folder).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def done() -> dict[str, str]:
    """What an earlier run has finished; nothing when .venv does not work any more."""
    try:
        finished: dict[str, str] = json.loads(DONE.read_text())
        subprocess.run([str(PYTHON), "-c", ""], check=True, capture_output=True)
    except (OSError, ValueError, subprocess.CalledProcessError):
        return {}
    return finished if (VENV / "bin" / "sightline").exists() and webui.is_built() else {}


def has_new_python() -> bool:
    """Whether .venv is there, works and is of a Python that is new enough."""
    check = [str(PYTHON), "-c", f"import sys; sys.exit(sys.version_info < {OLDEST})"]
    return PYTHON.exists() and subprocess.run(check, check=False, capture_output=True).returncode == 0


def may_use_sudo() -> bool:
    """Whether sudo asks for no password."""
    sudo = shutil.which("sudo")
    return bool(sudo) and subprocess.run([str(sudo), "-n", "true"], check=False, capture_output=True).returncode == 0


def run(command: list[str], environment: dict[str, str], what: str) -> None:
    """Run one command that talks for itself, and stop with what it was for when it fails."""
    if subprocess.run(command, cwd=ROOT, env=environment, check=False, stdin=subprocess.DEVNULL).returncode:
        message = f"{what} failed; the reason is above"
        raise bootstrap.BootstrapError(message)


def install(mode: str) -> None:
    """Create .venv with the pinned packages, each checked against its hash, and Sightline as an editable install.

    uv.lock names no registry, so that everybody installs from the index that their machine is configured for: uv
    hands out its pins and hashes as a list of requirements, which is then installed like any other.
    """
    origin = bootstrap.sources()
    environment = origin.environment()
    uv = str(bootstrap.find_uv(TOOLS, origin))
    if not has_new_python():
        machine_python = getattr(sys, "_base_executable", sys.executable)  # not the .venv that may be active
        run([uv, "venv", "--quiet", "--clear", "--python", machine_python, str(VENV)], environment, "making .venv")
    pins = VENV / "requirements.txt"
    groups = ["--no-default-groups"]
    if mode == "test":
        groups += ["--group", "dev"] + ([] if webui.node_on_path() else ["--group", "node"])
    export = [uv, "export", "--quiet", "--frozen", "--no-emit-project", "--no-header", "--no-annotate", *groups]
    run([*export, "--output-file", str(pins)], environment, "reading uv.lock")
    with pins.open("a", encoding="utf-8") as file:
        file.write("-e .\n")
    built = webui.is_built()
    say(f"installing Python packages{'' if built else ' and building the web UI'}, a few minutes the first time ...")
    # Bytecode now rather than at the first start, or at every start where Python is told to write none: 2 s of CPU.
    sync = [uv, "pip", "sync", "--compile-bytecode", "--python", str(PYTHON), "--reinstall-package", "sightline"]
    run([*sync, str(pins)], environment, "installing")
    run([str(PYTHON), "-m", "compileall", "-q", str(ROOT / "src")], environment, "compiling to bytecode")


def compile_kernels() -> None:
    """Let Numba compile what it would otherwise compile at the first start."""
    if not (ROOT / COMPILED[0] / "__main__.py").exists():
        return
    say("compiling the numeric kernels ...")
    others = [
        ".".join(path.relative_to(ROOT / "src").with_suffix("").parts)
        for folder in COMPILED[1:]
        for path in sorted((ROOT / folder).rglob("*.py"))
        if REGISTERS_KERNELS.search(path.read_text(encoding="utf-8"))
    ]
    run([str(PYTHON), "-m", "sightline.domain.kernels", *others], dict(os.environ), "compiling the kernels")


def missing_debian_packages() -> list[str]:
    """The Debian packages that tests want and whose program or file is not there."""
    import tomllib  # noqa: PLC0415 (only a Python that is new enough has it)

    with (ROOT / "pyproject.toml").open("rb") as file:
        wanted: dict[str, str] = tomllib.load(file)["tool"]["sightline"]["debian-packages"]
    return [
        name for name, shown_by in wanted.items() if not (shutil.which(shown_by) or pathlib.Path(shown_by).is_file())
    ]


def install_debian_packages() -> None:
    """Install what tests want where that needs no password; otherwise say what will be skipped."""
    missing = missing_debian_packages()
    if not missing:
        return
    root: list[str] | None = None
    if shutil.which("apt-get"):
        if os.geteuid() == 0:
            root = []
        elif may_use_sudo():
            root = ["sudo", "-n"]
    if root is not None:
        say(f"installing Debian packages for the tests: {' '.join(missing)} ...")
        apt = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
        subprocess.run([*apt, "update"], check=False, stdout=subprocess.DEVNULL)
        for name in missing:  # one by one: a name that this release lacks must not stop the others
            command = [*apt, "install", "--yes", "--no-install-recommends", name]
            subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
            if pathlib.Path("/run/systemd/system").is_dir():  # the tests start their own; nobody asked for a service
                service = [*root, "systemctl", "disable", "--quiet", "--now", f"{name}.service"]
                subprocess.run(service, check=False, stderr=subprocess.DEVNULL)
        missing = missing_debian_packages()
    if missing:
        say(f"tests that need {', '.join(missing)} will be skipped; to run them: apt-get install {' '.join(missing)}")


def main(arguments: list[str]) -> None:
    """Bring .venv to where the mode wants it: `run` or `test`."""
    if arguments not in (["run"], ["test"]):
        sys.exit("usage: install.py run|test")
    use_new_python()
    if sys.platform.startswith("linux") and platform.libc_ver()[0] != "glibc":
        message = (
            "Sightline's embedded engine has no build for musl; use a distribution with glibc, such as Debian or Ubuntu"
        )
        raise bootstrap.BootstrapError(message)
    begun = time.monotonic()
    finished = done()
    mode = finished.get("mode", "run") if arguments == ["run"] else "test"  # the tools stay once they are there
    if finished.get("packages") != fingerprint(mode):
        install(mode)
        finished = {"mode": mode, "packages": fingerprint(mode)}
        DONE.write_text(json.dumps(finished))
    if finished.get("kernels") != kernels_fingerprint():
        compile_kernels()
        DONE.write_text(json.dumps({**finished, "kernels": kernels_fingerprint()}))
    if arguments == ["test"]:
        install_debian_packages()
    if time.monotonic() - begun > 2:  # noqa: PLR2004
        say(f"ready after {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (bootstrap.BootstrapError, webui.WebBuildError) as problem:
        sys.exit(f"sightline: {problem}")
    except KeyboardInterrupt:
        sys.exit(130)
