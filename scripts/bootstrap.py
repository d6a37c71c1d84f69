"""Where packages come from on this machine, and uv fetched from there with the standard library alone.

Debian's python3 comes without ensurepip, so neither pip nor a virtual environment can be had from it. This module
reads the package index that the machine is configured for (uv's and pip's variables and files), finds uv's wheel for
this platform there, checks its sha256 and unpacks it.

It runs before anything is installed: standard library only, and syntax that old Pythons read.
"""

from __future__ import annotations

import base64
import configparser
import hashlib
import html.parser
import json
import os
import pathlib
import platform
import re
import shlex
import shutil
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from typing import IO, NamedTuple

MINIMUM_UV = (0, 9)  # the first that reads our uv.lock and knows every option used here
SIMPLE_JSON = "application/vnd.pypi.simple.v1+json"
# The public index is named in two pieces, as no file of this repository names the host of a registry.
PUBLIC_INDEX = "https://" + ".".join(("pypi", "org")) + "/simple"  # noqa: FLY002 (see above)
SYSTEM_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


class BootstrapError(Exception):
    """Something the person at the keyboard can put right; the text says what."""


class Sources(NamedTuple):
    """Where packages come from: an index, more indexes, folders or pages of files, and a certificate bundle."""

    default: str
    extra: list[str]
    links: list[str]
    certificates: str | None
    offline: bool = False

    def environment(self) -> dict[str, str]:
        """The same for uv, which reads none of pip's settings; what is set for uv itself stays."""
        wanted = {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "" if sys.stderr.isatty() else "1"}
        if not _uv_is_configured():
            if self.default != PUBLIC_INDEX:
                wanted["UV_DEFAULT_INDEX"] = self.default
            if self.extra:
                wanted["UV_INDEX"] = " ".join(self.extra)
                wanted["UV_INDEX_STRATEGY"] = "unsafe-best-match"  # pip's own meaning of extra; the hashes are pinned
            if self.links:
                wanted["UV_FIND_LINKS"] = ",".join(self.links)
            if self.offline:
                wanted["UV_NO_INDEX"] = "1"
        if self.certificates:
            wanted["SSL_CERT_FILE"] = self.certificates
            wanted["NODE_EXTRA_CA_CERTS"] = self.certificates
        elif pathlib.Path(SYSTEM_CERTIFICATES).exists():
            wanted["UV_SYSTEM_CERTS"] = "1"  # a company's own certificate authority lives there
        return {**{name: value for name, value in wanted.items() if value}, **os.environ}


class Release(NamedTuple):
    """One wheel on an index."""

    version: tuple[int, ...]
    filename: str
    url: str
    sha256: str | None


def _uv_is_configured() -> bool:
    """Whether uv has indexes of its own, from its variables or files."""
    if any(os.environ.get(name) for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_CONFIG_FILE")):
        return True
    home = pathlib.Path(os.environ.get("XDG_CONFIG_HOME") or pathlib.Path.home() / ".config")
    return any(path.is_file() for path in (home / "uv" / "uv.toml", pathlib.Path("/etc/uv/uv.toml")))


def _pip_settings() -> dict[str, str]:
    """What pip is told in files and variables, by option name; later ones win, as in pip."""
    home = pathlib.Path.home()
    config = pathlib.Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    system = [
        pathlib.Path(each) / "pip" / "pip.conf" for each in os.environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":")
    ]
    files = [*system, pathlib.Path("/etc/pip.conf"), home / ".pip" / "pip.conf", config / "pip" / "pip.conf"]
    files.append(pathlib.Path(sys.prefix) / "pip.conf")
    if os.environ.get("PIP_CONFIG_FILE") == os.devnull:
        files = []
    elif os.environ.get("PIP_CONFIG_FILE"):
        files.append(pathlib.Path(os.environ["PIP_CONFIG_FILE"]))
    found: dict[str, str] = {}
    for path in files:
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, OSError, UnicodeDecodeError) as error:
            print(f"sightline: skipping {path}: {error}", file=sys.stderr)
            continue
        for section in ("global", "install"):
            if parser.has_section(section):
                found.update({name.replace("_", "-"): value for name, value in parser.items(section)})
    for name, value in os.environ.items():
        if name.startswith("PIP_") and value:
            found[name[4:].lower().replace("_", "-")] = value
    return found


def sources() -> Sources:
    """The index and certificates this machine is configured for: uv's settings, then pip's, then the public index."""
    pip = _pip_settings()
    index = os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("UV_INDEX_URL") or pip.get("index-url") or PUBLIC_INDEX
    certificates = os.environ.get("SSL_CERT_FILE") or pip.get("cert") or os.environ.get("REQUESTS_CA_BUNDLE")
    if certificates and not pathlib.Path(certificates).exists():
        certificates = None
    return Sources(
        default=index.split("=", 1)[1] if re.match(r"[\w-]+=\w+:", index) else index,  # uv allows name=URL
        extra=shlex.split(pip.get("extra-index-url", "")),
        links=shlex.split(pip.get("find-links", "")),
        certificates=certificates,
        offline=pip.get("no-index", "").lower() in ("1", "true", "yes", "on"),
    )


def platform_tags() -> list[str]:
    """The platform tags of wheels that run here, best first."""
    machine = platform.machine().lower()
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine)
    if sys.platform == "darwin":
        return ["macosx_11_0_arm64" if machine == "aarch64" else "macosx_10_12_x86_64"]
    if not sys.platform.startswith("linux"):
        message = f"Sightline runs on Linux and macOS; this is {sys.platform}"
        raise BootstrapError(message)
    libc, version = platform.libc_ver()
    if libc != "glibc":
        return [f"musllinux_1_1_{machine}", f"musllinux_1_2_{machine}"]
    minor = int(version.split(".")[1]) if "." in version else 17
    return [f"manylinux_2_{each}_{machine}" for each in range(minor, 16, -1)] + [f"manylinux2014_{machine}"]


class _Links(html.parser.HTMLParser):
    """The addresses that a page of files in HTML links to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # type: ignore[explicit-override] # not in old typing
        """Keep the address of a link."""
        target = dict(attrs).get("href")
        if tag == "a" and target:
            self.found.append(target)


def _open(url: str, certificates: str | None, accept: str = "*/*") -> IO[bytes]:
    """Open an address, with the name and password in it if it has them; a server that stumbles is asked three times."""
    parts = urllib.parse.urlsplit(url)
    plain = urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment=""))
    request = urllib.request.Request(plain, headers={"Accept": accept, "User-Agent": "sightline-setup"})  # noqa: S310
    if parts.username:
        secret = f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(parts.password or '')}"
        request.add_unredirected_header("Authorization", "Basic " + base64.b64encode(secret.encode()).decode())
    context = ssl.create_default_context(cafile=certificates)
    for attempt in (1, 2, 3):
        try:
            return urllib.request.urlopen(request, timeout=60, context=context)  # type: ignore[no-any-return]  # noqa: S310
        except urllib.error.HTTPError as error:
            if error.code < 500 or attempt == 3:  # noqa: PLR2004
                raise
        except urllib.error.URLError as error:
            if not isinstance(error.reason, (TimeoutError, ConnectionError, socket.gaierror)) or attempt == 3:  # noqa: PLR2004
                raise
        time.sleep(attempt)
    raise AssertionError


def _files(page: str, certificates: str | None) -> list[tuple[str, str | None]]:
    """Every file that a page or folder offers: its address and its sha256 where it says one."""
    parts = urllib.parse.urlsplit(page)
    folder = pathlib.Path(urllib.request.url2pathname(parts.path) if parts.scheme == "file" else page)
    if not parts.scheme or parts.scheme == "file":
        if folder.is_dir() and not (folder / "index.html").exists():
            return [(each.resolve().as_uri(), None) for each in folder.iterdir()]
        page = (folder / "index.html" if folder.is_dir() else folder).resolve().as_uri()
    with _open(page, certificates, f"{SIMPLE_JSON}, text/html;q=0.5") as response:
        base = response.url  # type: ignore[attr-defined]
        kind = response.headers.get("Content-Type", "")  # type: ignore[attr-defined]
        text = response.read().decode("utf-8", "replace")
    if parts.username and urllib.parse.urlsplit(base).hostname == parts.hostname:
        base = page  # so that files on the same host get the same name and password
    if "json" in kind:
        files = json.loads(text).get("files", [])
        return [(urllib.parse.urljoin(base, each["url"]), each.get("hashes", {}).get("sha256")) for each in files]
    addresses = [urllib.parse.urljoin(base, each) for each in _Links(text).found]
    return [
        (each, dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(each).fragment)).get("sha256")) for each in addresses
    ]


def find_wheel(project: str, origin: Sources, tags: list[str]) -> Release:
    """The newest wheel of a project for one of the platform tags, on the first source that has one."""
    pages = [] if origin.offline else [f"{each.rstrip('/')}/{project}/" for each in (origin.default, *origin.extra)]
    tried = []
    for page in [*pages, *origin.links]:
        shown = re.sub(r"//[^/@]*@", "//", page)
        try:
            files = _files(page, origin.certificates)
        except (OSError, ValueError) as error:  # URLError and HTTPError are OSErrors
            tried.append(f"  {shown}: {error}{_hint(error)}")
            continue
        releases = [release for url, sha256 in files for release in _release(project, url, sha256, tags)]
        if releases:
            return max(releases, key=lambda each: (each.version, -tags.index(_tag_of(each, tags))))
        tried.append(f"  {shown}: {len(files)} files, none of {project} for this platform ({tags[0]})")
    message = f"no wheel of {project} was found:\n" + "\n".join(tried)
    raise BootstrapError(message)


def _release(project: str, url: str, sha256: str | None, tags: list[str]) -> list[Release]:
    """The release that a file is, or nothing when it is no final wheel of the project for this platform."""
    filename = urllib.parse.unquote(urllib.parse.urlsplit(url).path.rpartition("/")[2])
    match = re.fullmatch(rf"{project}-(\d+(?:\.\d+)*)-py3-none-(.+)\.whl", filename)
    if not match or not set(match[2].split(".")) & set(tags):
        return []
    return [Release(tuple(int(part) for part in match[1].split(".")), filename, url, sha256)]


def _tag_of(release: Release, tags: list[str]) -> str:
    """The best of our platform tags that a wheel carries."""
    return next(tag for tag in tags if tag in release.filename)


def _hint(error: Exception) -> str:
    """What to do about a certificate that cannot be checked."""
    if "certificate" not in str(error).lower():
        return ""
    return "\n    (install ca-certificates, or point SSL_CERT_FILE at your certificate bundle)"


def _download(release: Release, origin: Sources, target: pathlib.Path) -> None:
    """Fetch a wheel, say how far it is, and refuse it when its sha256 is another than the index said."""
    digest = hashlib.sha256()
    said = time.monotonic()
    with _open(release.url, origin.certificates) as response, target.open("wb") as file:
        total = int(response.headers.get("Content-Length") or 0)  # type: ignore[attr-defined]
        for chunk in iter(lambda: response.read(1 << 18), b""):
            digest.update(chunk)
            file.write(chunk)
            if time.monotonic() - said > 2:  # noqa: PLR2004
                said = time.monotonic()
                print(f"  {file.tell() >> 20} of {total >> 20} MiB", file=sys.stderr, flush=True)
    if release.sha256 and digest.hexdigest() != release.sha256:
        target.unlink()
        message = f"{release.filename} has sha256 {digest.hexdigest()}, but the index says {release.sha256}; try again"
        raise BootstrapError(message)


def fetch_uv(folder: pathlib.Path, origin: Sources) -> pathlib.Path:
    """The program uv in a folder of our own, fetched there unless it is there already."""
    program = folder / "uv"
    if _works(program):
        return program
    tags = platform_tags()
    release = find_wheel("uv", origin, tags)
    print(
        f"Fetching uv {'.'.join(map(str, release.version))} (the installer of Python packages) ...",
        file=sys.stderr,
        flush=True,
    )
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / release.filename
    try:
        _download(release, origin, wheel)
        with zipfile.ZipFile(wheel) as archive:
            inside = next(name for name in archive.namelist() if name.endswith(".data/scripts/uv"))
            with archive.open(inside) as packed, (folder / "uv.part").open("wb") as unpacked:
                shutil.copyfileobj(packed, unpacked)
    except (OSError, zipfile.BadZipFile) as error:
        message = f"uv could not be fetched: {error}{_hint(error)}"
        raise BootstrapError(message) from error
    finally:
        if wheel.exists():
            wheel.unlink()
    (folder / "uv.part").chmod(0o755)
    (folder / "uv.part").replace(program)  # a half-written program must never be found
    if not _works(program):
        message = f"the uv that was fetched does not run here: {program}"
        raise BootstrapError(message)
    return program


def _works(program: pathlib.Path | str) -> bool:
    """Whether this uv runs and is new enough."""
    try:
        said = subprocess.run([str(program), "--version"], capture_output=True, text=True, timeout=60, check=False)
    except OSError:
        return False
    match = re.match(r"uv (\d+)\.(\d+)", said.stdout)
    return bool(said.returncode == 0 and match and (int(match[1]), int(match[2])) >= MINIMUM_UV)


def find_uv(folder: pathlib.Path, origin: Sources) -> pathlib.Path:
    """uv: the machine's own when it is new enough, else one fetched into the folder."""
    own = shutil.which("uv")
    return pathlib.Path(own) if own and _works(own) else fetch_uv(folder, origin)
