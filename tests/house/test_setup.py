"""Setting up on a machine that has Python and nothing else, from an index of our own making."""

import hashlib
import zipfile
from pathlib import Path

import pytest

import bootstrap
import install
import lock
import webui

TAGS = bootstrap.platform_tags()
PROGRAM = "#!/bin/sh\necho uv 99.1.0\n"


@pytest.fixture(autouse=True)
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine with no settings for pip, uv or certificates."""
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"):
        monkeypatch.delenv(name, raising=False)
    for name in ("CERT", "INDEX_URL", "EXTRA_INDEX_URL", "FIND_LINKS", "NO_INDEX"):
        monkeypatch.delenv(f"PIP_{name}", raising=False)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")


def a_wheel(folder: Path, version: str = "99.1.0", tag: str = TAGS[-1]) -> Path:
    """A wheel of uv whose program only tells its version."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"uv-{version}-py3-none-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"uv-{version}.data/scripts/uv", PROGRAM)
    return path


def an_index(folder: Path, *wheels: Path, sha256: str | None = None) -> str:
    """A simple index in HTML that lists the wheels, by default with their true sha256."""
    page = folder / "uv" / "index.html"
    page.parent.mkdir(parents=True)
    digests = {path: sha256 or hashlib.sha256(path.read_bytes()).hexdigest() for path in wheels}
    links = "".join(f'<a href="{path.as_uri()}#sha256={digests[path]}">{path.name}</a>' for path in wheels)
    page.write_text(f"<!DOCTYPE html><html><body>{links}<a>none</a></body></html>")
    return folder.as_uri()


def origin(index: str = "file:///nowhere", **more: list[str]) -> bootstrap.Sources:
    """Sources with that index."""
    return bootstrap.Sources(index, more.get("extra", []), more.get("links", []), None)


def test_uv_comes_from_the_index_and_runs(tmp_path: Path) -> None:
    """The newest wheel for this platform is fetched, checked and unpacked to a program that runs."""
    wheels = tmp_path / "wheels"
    offered = a_wheel(wheels, "99.0.2"), a_wheel(wheels, "99.1.0"), a_wheel(wheels, "99.9.0", "win_amd64")
    program = bootstrap.fetch_uv(tmp_path / "tools", origin(an_index(tmp_path / "index", *offered)))
    assert program.read_text() == PROGRAM
    assert [path.name for path in program.parent.iterdir()] == ["uv"]


def test_a_wheel_with_another_hash_is_refused(tmp_path: Path) -> None:
    """What was fetched is thrown away when the index said another sha256."""
    index = an_index(tmp_path / "index", a_wheel(tmp_path / "wheels"), sha256="0" * 64)
    with pytest.raises(bootstrap.BootstrapError, match="sha256"):
        bootstrap.fetch_uv(tmp_path / "tools", origin(index))
    assert list((tmp_path / "tools").iterdir()) == []


def test_more_indexes_and_folders_are_asked_in_turn(tmp_path: Path) -> None:
    """An index without uv is passed over for the next one, and at last for a folder of wheels."""
    empty = an_index(tmp_path / "empty")
    full = an_index(tmp_path / "full", a_wheel(tmp_path / "wheels"))
    assert bootstrap.find_wheel("uv", origin(empty, extra=[full]), TAGS).version == (99, 1, 0)
    assert bootstrap.find_wheel("uv", origin(empty, links=[str(tmp_path / "wheels")]), TAGS).version == (99, 1, 0)


def test_nothing_found_names_every_place(tmp_path: Path) -> None:
    """When no source has uv, the error lists each of them, without its password."""
    with pytest.raises(bootstrap.BootstrapError, match="file://somewhere/uv/") as caught:
        bootstrap.find_wheel("uv", origin("file://me:secret@somewhere", links=[str(tmp_path)]), TAGS)
    assert str(tmp_path) in str(caught.value)
    assert "secret" not in str(caught.value)


def test_pip_settings_are_handed_to_uv(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An index, more indexes, folders and a certificate that pip is told of reach uv."""
    certificate = tmp_path / "ca.crt"
    certificate.touch()
    (tmp_path / "pip.conf").write_text(
        f"[global]\nindex-url = https://mirror.test/simple\nextra-index-url = https://a.test https://b.test\n"
        f"find-links = /wheels\ncert = {certificate}\n"
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    told = bootstrap.sources().environment()
    assert told["UV_DEFAULT_INDEX"] == "https://mirror.test/simple"
    assert told["UV_INDEX"] == "https://a.test https://b.test"
    assert told["UV_FIND_LINKS"] == "/wheels"
    assert told["SSL_CERT_FILE"] == told["NODE_EXTRA_CA_CERTS"] == str(certificate)
    assert told["UV_PYTHON_DOWNLOADS"] == "never"


def test_settings_of_uv_go_before_those_of_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where uv is told of an index, pip's does not reach it."""
    monkeypatch.setenv("PIP_INDEX_URL", "https://pip.test/simple")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "mirror=https://uv.test/simple")
    assert bootstrap.sources().default == "https://uv.test/simple"
    assert bootstrap.sources().environment()["UV_DEFAULT_INDEX"] == "mirror=https://uv.test/simple"


def test_an_old_python_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python that is too old says so when no newer one is on PATH."""
    monkeypatch.setattr(install, "OLDEST", (99, 0))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(bootstrap.BootstrapError, match=r"needs Python 3\.11 or newer"):
        install.use_new_python()


def test_locks_lose_their_addresses() -> None:
    """What uv writes into a lock keeps its names, versions and hashes and loses where they came from."""
    text = (
        'source = { registry = "https://x.test/simple" }\nsdist = { url = "https://f.test/a/b/c-1.tar.gz", hash = "h" }'
    )
    expected = 'source = { registry = "index" }\nsdist = { path = "c-1.tar.gz", hash = "h" }'
    assert lock.without_addresses(text) == expected
    assert lock.without_addresses(expected) == expected


def test_the_web_ui_is_built_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A UI counts as built only while its sources are those it was made from."""
    web, ui = tmp_path / "web", tmp_path / "ui"
    (web / "src").mkdir(parents=True)
    ui.mkdir()
    for name, value in (("WEB", web), ("UI", ui), ("STAMP", ui / ".sources.sha256")):
        monkeypatch.setattr(webui, name, value)
    (web / "package.json").write_text("{}")
    assert not webui.is_built()
    (ui / "index.html").touch()
    webui.STAMP.write_text(webui.sources_digest())
    assert webui.is_built()
    (web / "src" / "new.ts").touch()
    assert not webui.is_built()
