"""The built web UI: files with names that hash their content for ever, the page itself always fresh, everything compressed once."""

import asyncio
import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Final

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from sightline.adapters.inbound.http.delivery import accepts_gzip
from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.domain.errors import NotFound

PAGE: Final = "index.html"
PREFIX: Final = "/ui/"
OPEN: Final = frozenset({"/", "/ui", "/favicon.ico"})
"""Paths beside those under PREFIX that need no token: the page holds nothing secret, and asks for the token itself."""

# Vite puts files whose names hash their content here.
HASHED: Final = "assets"

_FOREVER: Final = "public, max-age=31536000, immutable"
_FRESH: Final = "no-cache"
_COMPRESSIBLE: Final = ("text/", "application/javascript", "application/json", "application/manifest", "image/svg")
_MIN_COMPRESSED: Final = 1_024
_TYPES: Final = {".js": "text/javascript", ".mjs": "text/javascript", ".woff2": "font/woff2", ".svg": "image/svg+xml"}

# Hosts have dots in their names, so not every last part with a dot is a file.
_ENDINGS: Final = frozenset({*_TYPES, ".css", ".html", ".ico", ".json", ".map", ".png", ".txt", ".webmanifest"})

SECURITY_HEADERS: Final = {
    # Mantine sets style attributes and one style element, hence 'unsafe-inline' for styles and nothing else.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'self'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "SAMEORIGIN",
}

NOT_BUILT: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Sightline</title>
<h1>The web UI is not built</h1>
<p>Sightline runs and its API answers, but this copy came without the page. In the source folder, run:</p>
<pre>make web</pre>
<p>It needs Node 20.19 or newer, or network access to fetch one. Then load this page again.</p>
</html>
"""


@dataclass(frozen=True, slots=True)
class _File:
    stamp: tuple[int, int]
    media_type: str
    etag: str
    plain: bytes
    compressed: bytes | None


class BuiltUi:
    """The files of a folder, each read and compressed when it is first asked for and again when it has changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, _File] = {}

    async def file(self, path: str) -> _File | None:
        """The file at a path below the folder; None when there is none to show."""
        parts = PurePosixPath(path).parts
        if not parts or _is_hidden(path):
            return None
        location = self._folder.joinpath(*parts)
        try:
            found = location.stat()
        except OSError:
            return None
        if not location.is_file():
            return None
        stamp = (found.st_mtime_ns, found.st_size)
        known = self._files.get(path)
        if known is None or known.stamp != stamp:
            known = await asyncio.to_thread(_read, location, stamp)
            self._files[path] = known
        return known


def routes(settings: DoorSettings) -> list[HTTPRouteHandler]:
    """All handlers of this file."""
    built = BuiltUi(settings.ui_folder)

    page = partial(page_or_notice, built=built, path=PAGE)

    @get("/")
    async def root() -> Response[Any]:
        return _to_page()

    @get("/favicon.ico")
    async def favicon(request: Request[Any, Any, Any]) -> Response[Any]:
        found = await built.file("favicon.ico") or await built.file("icon.svg")
        if found is None:
            raise NotFound("the web UI is not built, so there is no icon")
        return _response(request, found, _FRESH)

    @get("/ui")
    async def ui(request: Request[Any, Any, Any]) -> Response[Any]:
        if not request.scope.get("raw_path", b"/ui/").endswith(b"/"):  # the page's own links are relative to /ui/
            return _to_page()
        return await page(request)

    @get("/ui/{path:path}")
    async def asset(request: Request[Any, Any, Any]) -> Response[Any]:
        inside = str(request.path_params["path"]).lstrip("/")
        found = await built.file(inside)
        if found is not None:
            return _response(request, found, _FOREVER if inside.startswith(f"{HASHED}/") else _FRESH)
        if inside.startswith(f"{HASHED}/") or PurePosixPath(inside).suffix in _ENDINGS or _is_hidden(inside):
            raise NotFound(f"the web UI has no file {inside[:200]!r}")
        return await page(request)  # a place within the page, which it finds by itself

    return [root, favicon, ui, asset]


async def page_or_notice(request: Request[Any, Any, Any], built: BuiltUi, path: str) -> Response[Any]:
    """A page of the UI, or a notice where it is not built."""
    found = await built.file(path)
    if found is None:
        return Response(NOT_BUILT, status_code=503, media_type="text/html", headers=SECURITY_HEADERS)
    return _response(request, found, _FRESH)


def _is_hidden(path: str) -> bool:
    """Whether a path leads out of the folder, to a hidden file, or nowhere at all."""
    return path.startswith("/") or any(part.startswith(".") or "\\" in part or "\0" in part for part in path.split("/"))


def _to_page() -> Response[Any]:
    return Response(
        b"", status_code=307, media_type="text/plain", headers={"Location": PREFIX, "Cache-Control": _FRESH}
    )


def _response(request: Request[Any, Any, Any], file: _File, caching: str) -> Response[Any]:
    compressed = file.compressed is not None and accepts_gzip(request.headers.get("accept-encoding", ""))
    etag = f'"{file.etag}-gzip"' if compressed else f'"{file.etag}"'
    headers = {"Cache-Control": caching, "ETag": etag, "Vary": "Accept-Encoding", **SECURITY_HEADERS}
    known = {one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")}
    if etag in known or "*" in known:
        return Response(None, status_code=304, headers=headers)
    if compressed:
        headers["Content-Encoding"] = "gzip"
    return Response(file.compressed if compressed else file.plain, media_type=file.media_type, headers=headers)


def _read(location: Path, stamp: tuple[int, int]) -> _File:
    plain = location.read_bytes()
    media_type = _TYPES.get(location.suffix) or mimetypes.guess_type(location.name)[0] or "application/octet-stream"
    small = len(plain) < _MIN_COMPRESSED or not media_type.startswith(_COMPRESSIBLE)
    compressed = None if small else gzip.compress(plain, mtime=0)
    return _File(stamp, media_type, hashlib.sha256(plain).hexdigest()[:32], plain, compressed)
