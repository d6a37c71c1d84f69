"""The program: parse flags, turn signals into a stop, run.

`serve`, `probe`, `check-config` and `doctor` live here, for they read the settings, and `rules test`, which runs a small program
of its own; every other command is a client of the HTTP API.
"""

import asyncio
import gc
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any, Final

from cyclopts import App, Parameter

from sightline.adapters.inbound.cli import (
    SETTLING,
    AsJson,
    Asking,
    Exit,
    Installation,
    Outpost,
    Settling,
    app,
    check_alertmanager,
    check_rules,
    examine,
    rules_app,
    run,
    say,
    show_json,
    try_rules,
)

_FAILED: Final = 1
_STARTED_BADLY: Final = 2
_STOP_SECONDS: Final = 4.5
_SWITCH_SECONDS: Final = 0.0005
"""How long the loop waits at most for a thread that computes: Python's own 5 ms would be added to every step of a request."""


@app.command
def serve(  # noqa: PLR0913 - one parameter a flag
    *,
    data: Annotated[Path | None, Parameter(help="Folder that holds all data [default: sightline-data].")] = None,
    listen: Annotated[
        str | None, Parameter(help="Address and port; port 0 takes a free one [default: 127.0.0.1:8080].")
    ] = None,
    retention: Annotated[str | None, Parameter(help="How long samples are kept [default: 15d].")] = None,
    token_file: Annotated[Path | None, Parameter(help="File with the token that clients must send.")] = None,
    insecure: Annotated[bool, Parameter(negative=(), help="Listen beyond loopback without a token.")] = False,
    rules: Annotated[
        tuple[str, ...],
        Parameter(
            negative=(), consume_multiple=False, help="Rule files, or a pattern of such in quotes; may be repeated."
        ),
    ] = (),
    alertmanager_config: Annotated[
        Path | None, Parameter(help="Alertmanager's configuration file, which says who is told of which alerts.")
    ] = None,
    settling: Settling = SETTLING,
) -> int:
    """Start Sightline: store, watch this machine, serve the web UI and the APIs. Ctrl+C stops it.

    All settings, and what wins over what: docs/guide/settings.md.
    """
    flags = {
        "data": data,
        "listen": listen,
        "retention": retention,
        "http.token_file": token_file,
        "http.insecure": insecure or None,
        "rules.files": rules or None,
        "alerts.config_file": alertmanager_config,
    }
    given = _given(flags, settling)
    return _STARTED_BADLY if given is None else _running(given, _run)


@app.command(
    help_epilogue="""Examples:
  sightline locations add berlin > berlin.key                                (where the server is)
  sightline probe --server https://sightline.example.com --location berlin --key-file berlin.key
  sightline probe --server https://sightline.example.com --location berlin --buffer /var/lib/sightline/berlin.buffer
"""
)
def probe(*, outpost: Outpost, settling: Settling = SETTLING) -> int:
    """Probe from this place for a Sightline elsewhere. Ctrl+C stops it.

    It connects to the server alone, and to what it probes; nothing connects to it. Of the settings, those of [checks] and [log]
    count here. docs/guide/locations.md tells more.
    """
    given = _given({}, settling)
    if given is None:
        return _STARTED_BADLY

    async def run(settings: Any) -> None:
        with _loading():
            from sightline.compose.probe import Remote, read_key, size_of, start_probe

        remote = Remote(
            outpost.server,
            read_key(outpost.key, outpost.key_file),
            outpost.location,
            outpost.buffer,
            size_of(outpost.buffer_size),
            outpost.ca_file,
            insecure=outpost.insecure,
        )
        stop = _stopping()
        async with start_probe(settings, remote):
            print(f"Sightline probes from {remote.location} for {remote.server}  (Ctrl+C stops it)", flush=True)
            await stop.wait()
            _watch_the_stop("stopping took too long; what is in the buffer's file is handed over after the next start")

    return _running(given, run)


def _given(flags: Mapping[str, Any], settling: Settling) -> dict[str, Any] | None:
    """The settings that flags set; None where a `--set` is none, which is told."""
    flags = {**flags, "config": settling.config, "log.level": settling.log_level, "log.format": settling.log_format}
    given = {key: value for key, value in flags.items() if value is not None}
    for text in settling.set_:
        key, equals, value = text.partition("=")
        if not equals:
            print(f"sightline: --set {text}: write --set key=value", file=sys.stderr)
            return None
        given[key.strip()] = value.strip()
    return given


@app.command(
    help_epilogue="""Examples:
  sightline check-config
  sightline check-config /etc/sightline/sightline.toml && systemctl restart sightline
  sightline check-config --json
"""
)
def check_config(
    file: Annotated[Path | None, Parameter(help="Settings file [default: sightline.toml, where there is one].")] = None,
    /,
    *,
    as_json: AsJson = False,
) -> int:
    """Check the settings, as `serve` would read them here: file, environment, .env, scrape jobs. Nothing is started.

    Exit code 0 when they can be used, else 1 with every problem, where it stands and how to mend it.
    """
    found, problems = _reviewed({} if file is None else {"config": file})
    if as_json:
        show_json({"file": str(found.file), "problems": problems})
        return Exit.REFUSED if problems else Exit.DONE
    for problem in problems:
        say(problem)
    if not problems:
        there = str(found.file) if found.file.is_file() else "no settings file; defaults and environment"
        print(f"ok: {there}, {len(found.settings.scrape)} scrape jobs")
    return Exit.REFUSED if problems else Exit.DONE


@app.command(
    help_epilogue="""Examples:
  sightline doctor
  sightline doctor --data /var/lib/sightline --json
  sightline doctor --bundle support.tar.gz --log sightline.log
"""
)
def doctor(
    *,
    config: Annotated[
        Path | None, Parameter(help="Settings file [default: sightline.toml, where there is one].")
    ] = None,
    data: Annotated[Path | None, Parameter(help="Folder that holds all data [default: as the settings say].")] = None,
    url: Annotated[
        str | None, Parameter(help="Where it listens [default: as the settings say].", env_var="SIGHTLINE_URL")
    ] = None,
    token_file: Annotated[Path | None, Parameter(help="File with its token [default: as the settings say].")] = None,
    bundle: Annotated[Path | None, Parameter(help="Write a support bundle: neither data nor secrets.")] = None,
    log: Annotated[Path | None, Parameter(help="A log whose end goes into the bundle.")] = None,
    as_json: AsJson = False,
) -> int:
    """Look for what is wrong with this installation, and say what to do. Nothing is changed.

    Each line is ok, warn (works, but not well) or fail; exit code 1 when something fails.
    """
    flags = {"config": config, "data": data, "http.token_file": token_file}
    found, problems = _reviewed({key: value for key, value in flags.items() if value is not None})
    settings = found.settings
    here = _address(settings.listen)
    asking = Asking(url or here, token_file=settings.http.token_file, as_json=as_json)
    installation = Installation(
        problems=tuple(problems),
        settings_file=found.file,
        settings=found.shown(),
        data=settings.data,
        min_free=settings.disk.min_free,
        listen=settings.listen if asking.url.rstrip("/") == here else None,
        asking=asking,
    )
    return examine(installation, bundle, log)


@rules_app.command(
    name="test",
    help_epilogue="""Examples:
  sightline rules test tests/*.yml
  sightline rules test tests/shop.yml --run 'too many errors' --json
""",
)
def run_rule_tests(
    *files: Annotated[Path, Parameter(help="Files with tests, as `promtool test rules` takes them.")],
    run: Annotated[
        tuple[str, ...],
        Parameter(
            name="--run", negative=(), consume_multiple=False, help="Only groups of tests whose name has this regex."
        ),
    ] = (),
    as_json: AsJson = False,
) -> int:
    """Run unit tests of rules: the series of a test go through the rules of its files, and what comes of it is compared.

    No server is asked. Exit code 0 when all tests pass, 1 when one fails or a file cannot be used.
    """
    from sightline.compose.rehearsal import rehearse

    return try_rules(files, run, rehearse, as_json=as_json)


checking = App(
    name="check", help="Check rule files, the settings, or a configuration of Alertmanager.", help_format="plaintext"
)
checking.command(check_rules, name="rules")
checking.command(check_config, name="config")
checking.command(check_alertmanager, name="alertmanager")
app.command(checking)
testing = App(name="test", help="Run tests of rules, as `rules test` does.", help_format="plaintext")
testing.command(run_rule_tests, name="rules")
app.command(testing)


def _reviewed(flags: Mapping[str, Any]) -> tuple[Any, list[str]]:
    """The settings, and all that is wrong with them, also together."""
    from sightline.compose.checking import check
    from sightline.settings.sources import review

    found = review(flags)
    return found, [problem.message for problem in found.problems or check(found.settings)]


def _address(listen: str) -> str:
    """Where a program that listens there is asked from this machine."""
    host, _, port = listen.rpartition(":")
    return f"http://{'127.0.0.1' if host in {'', '0.0.0.0'} else '[::1]' if host == '[::]' else host}:{port}"  # noqa: S104


def _running(flags: Mapping[str, Any], run: Callable[[Any], Coroutine[Any, Any, None]]) -> int:
    """Run a program under the settings until it is stopped; returns the exit code."""
    from sightline.domain.errors import SettingsInvalid, SightlineError
    from sightline.log import configure
    from sightline.settings.sources import load

    try:
        settings = load(flags)
        configure(settings.log.level, settings.log.format)
        sys.setswitchinterval(_SWITCH_SECONDS)
        with asyncio.Runner(loop_factory=_loop) as runner:
            runner.run(run(settings))
    except SightlineError as error:
        print(f"sightline: {error.message} ({error.code})", file=sys.stderr)
        return _STARTED_BADLY if isinstance(error, SettingsInvalid) else _FAILED
    # All is closed: the interpreter need not search its objects for cycles on its way out, 0.2 to 0.4 s with 10,000 series.
    gc.freeze()
    return 0


def _loop() -> asyncio.AbstractEventLoop:
    import uvloop

    return uvloop.new_event_loop()


async def _run(settings: Any) -> None:
    with _loading():
        from sightline.compose.program import start

    stop, again = _stopping(), asyncio.Event()
    loop = asyncio.get_running_loop()
    # A terminal that closes stops the program; a service that is told to reload must not end of it.
    at_terminal = sys.stdin is not None and sys.stdin.isatty()
    loop.add_signal_handler(signal.SIGHUP, stop.set if at_terminal else again.set)
    async with start(settings, stop.set) as running:
        print(f"Sightline is running at {running.url}  (data in {settings.data}; Ctrl+C stops it)", flush=True)
        reloading = asyncio.create_task(_reload_whenever(again, running.reload), name="reload")
        await stop.wait()
        reloading.cancel()
        _watch_the_stop("stopping took too long; the next start takes up from the write-ahead log")


@contextmanager
def _loading() -> Iterator[None]:
    """Without garbage collections, which would go through all that is there to stay, again and again: 0.15 s of a start."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _stopping() -> asyncio.Event:
    """What is set once a signal says that the program shall stop."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def _watch_the_stop(otherwise: str) -> None:
    """Leave with these words where stopping takes too long."""
    watchdog = threading.Timer(_STOP_SECONDS, _leave, (otherwise,))
    watchdog.daemon = True
    watchdog.start()


async def _reload_whenever(asked: asyncio.Event, reload: Callable[[], Awaitable[None]]) -> None:
    """Read again each time a SIGHUP asks for it; what cannot be read is told, and what was read before goes on."""
    import structlog

    from sightline.domain.errors import SightlineError

    log = structlog.get_logger("sightline")
    while True:
        await asked.wait()
        asked.clear()
        try:
            await reload()
        except SightlineError as error:
            log.warning("could not be read again; what was read before goes on", code=error.code, reason=error.message)
        else:
            log.info("read again; a change of sightline.toml or of flags is applied by a restart")


def _leave(message: str) -> None:
    """End at once, because something hangs: all that was acknowledged is in a file, so nothing is lost."""
    print(f"sightline: {message}", file=sys.stderr, flush=True)
    os._exit(_FAILED)


def main() -> None:
    """The entry point of the `sightline` command."""
    with suppress(KeyboardInterrupt):
        sys.exit(run())


if __name__ == "__main__":
    main()
