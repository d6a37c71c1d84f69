"""Real PostgreSQL and Redis, started on loopback and stopped by the tests."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.adapters.probers.blackbox import free_port

BINARIES = "/usr/lib/postgresql/15/bin"
LIMIT = 60.0
HBA = """\
host all open 127.0.0.1/32 trust
host all postgres 127.0.0.1/32 trust
host all by_scram 127.0.0.1/32 scram-sha-256
host all by_md5 127.0.0.1/32 md5
host all by_password 127.0.0.1/32 password
host all by_gss 127.0.0.1/32 ident
"""
PASSWORD = "gehe!m, ein Paßwort"


@contextlib.contextmanager
def postgres(certificate: tuple[str, str] | None = None) -> Iterator[int]:
    """A server with users of all ways of authentication: its port. certificate: its and its key's file, for TLS."""
    # Not pytest's own folder: PostgreSQL does not run as root, and nobody else may look into that.
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    who = _whom(folder)
    data, port = folder / "data", free_port()
    try:
        initdb = [*who, f"{BINARIES}/initdb", "-D", str(data), "-A", "trust", "-N", "-U", "postgres", "--no-sync"]
        subprocess.run(initdb, check=True, stdin=subprocess.DEVNULL, capture_output=True)
        _add_users(who, data)
        (data / "pg_hba.conf").write_text(HBA)
        command = [*who, f"{BINARIES}/postgres", "-D", str(data), "-p", str(port), "-c", "listen_addresses=127.0.0.1"]
        command += ["-c", "unix_socket_directories=", "-c", "fsync=off"]
        if certificate is not None:
            command += ["-c", "ssl=on", *_installed(data, certificate)]
        with (folder / "log").open("w") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            with _stopping(process):
                _wait(process, port, folder / "log", b"ready to accept connections")
                yield port
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _whom(folder: Path) -> list[str]:
    if os.geteuid():
        return []
    shutil.chown(folder, "postgres", "postgres")
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


def _installed(data: Path, certificate: tuple[str, str]) -> list[str]:
    """Copies that are the server's own, as it wants them, and the settings that name them."""
    settings = []
    for setting, file in zip(("ssl_cert_file", "ssl_key_file"), certificate, strict=True):
        copy = data / setting
        copy.touch(0o600)
        copy.write_bytes(Path(file).read_bytes())
        if not os.geteuid():
            shutil.chown(copy, "postgres", "postgres")
        settings += ["-c", f"{setting}={copy}"]
    return settings


def _add_users(who: list[str], data: Path) -> None:
    """In single-user mode, so that nobody has to be asked."""
    statements = ["CREATE ROLE open LOGIN"]
    for name, way in (("by_scram", "scram-sha-256"), ("by_md5", "md5"), ("by_password", "scram-sha-256")):
        statements += [f"SET password_encryption='{way}'", f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'"]
    statements += ["CREATE ROLE by_gss LOGIN", "CREATE DATABASE shop"]
    subprocess.run(
        [*who, f"{BINARIES}/postgres", "--single", "-D", str(data), "postgres"],
        input="".join(f"{one}\n" for one in statements).encode(),
        check=True,
        capture_output=True,
    )


@contextlib.contextmanager
def redis(folder: Path, *further: str, is_encrypted: bool = False) -> Iterator[int]:
    """A server: its port. further: lines of its configuration. is_encrypted: whether it speaks TLS alone."""
    port, log, settings = free_port(), folder / "redis.log", folder / "redis.conf"
    settings.write_text("".join(f"{line}\n" for line in further))
    command = [
        "redis-server",
        str(settings),
        *(["--port", "0", "--tls-port", str(port)] if is_encrypted else ["--port", str(port)]),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "no",
    ]
    command += ["--dir", str(folder), "--logfile", str(log)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with _stopping(process):
        _wait(process, port, log, b"Ready to accept connections")
        yield port


@contextlib.contextmanager
def _stopping(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path, ready: bytes) -> None:
    """Until it says that it is ready, and is."""
    limit = time.monotonic() + LIMIT
    while not (log.exists() and ready in log.read_bytes()):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < limit, log.read_text()
        os.sched_yield()
    socket.create_connection(("127.0.0.1", port), LIMIT).close()
