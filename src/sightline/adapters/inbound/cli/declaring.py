"""`apply`, `diff` and `export`: what there is to be, as YAML files."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

from cyclopts import Parameter

from sightline.adapters.inbound.cli import printing
from sightline.adapters.inbound.cli.asking import ASKING, Answer, Asking, decoded, get, post, succeed
from sightline.adapters.inbound.cli.program import Ended, Exit, app

PATH: Final = "/api/v1/declared"
MAX_BYTES: Final = 64 << 20
"""Of all files together."""
_SUFFIXES: Final = frozenset({".yml", ".yaml", ".json"})
_SIGNS: Final = {"add": "+", "change": "~", "remove": "-"}
_DONE: Final = {"add": "added", "change": "changed", "remove": "removed"}
_PLANNED: Final = {action: f"to {action}" for action in _DONE}
_DIFFERS: Final = 1

File = Annotated[
    tuple[Path, ...],
    Parameter(
        name=["--file", "-f"],
        negative=(),
        consume_multiple=False,
        allow_leading_hyphen=True,
        help="A YAML or JSON file, a folder of such, or - for standard input; may be repeated.",
    ),
]
Prune = Annotated[bool, Parameter(help="Also remove what is not in the files, of the kinds that they mention.")]


@app.command(
    help_epilogue="""Examples:
  sightline apply -f sightline.d/ --dry-run
  sightline apply -f uptime.yml -f windows.yml
  sightline export | ssh backup 'cat > declared.yml'
  sightline apply -f sightline.d/ --prune
"""
)
def apply(
    *,
    file: File,
    dry_run: Annotated[bool, Parameter(help="Only tell what would change.")] = False,
    prune: Prune = False,
    asking: Asking = ASKING,
) -> int:
    """Make checks, windows, status pages, alert rules and dashboards as files declare them.

    All files are judged before anything is written; exit code 1 when something in them cannot be, and then nothing is changed.
    """
    found = _sent(asking, file, dry_run=dry_run, prune=prune)
    _show(asking, found)
    if not asking.as_json:
        print(_counted(found["counts"], _PLANNED if dry_run else _DONE))
    return Exit.DONE


@app.command(
    help_epilogue="""Examples:
  sightline diff -f sightline.d/
  sightline diff -f uptime.yml --prune || echo 'somebody changed something by hand'
"""
)
def diff(*, file: File, prune: Prune = False, asking: Asking = ASKING) -> int:
    """Show how what is there differs from what files declare: + is missing, ~ is otherwise, - is not declared (with --prune).

    Exit code 0 when nothing differs, 1 when something does, 2 when the files cannot be used, 3 when nobody answers.
    """
    try:
        found = _sent(asking, file, dry_run=True, prune=prune)
    except Ended as ended:
        if ended.code == Exit.UNREACHABLE:
            raise
        raise Ended(Exit.USAGE, str(ended)) from None
    _show(asking, found)
    return _DIFFERS if found["changes"] else Exit.DONE


@app.command(
    help_epilogue="""Examples:
  sightline export > declared.yml
  sightline export --kind checks --kind windows
"""
)
def export(
    *,
    kind: Annotated[
        tuple[str, ...],
        Parameter(negative=(), consume_multiple=False, help="Only this, such as checks; may be repeated."),
    ] = (),
    asking: Asking = ASKING,
) -> int:
    """Print what people defined as YAML that `apply` takes; passwords and tokens are masked, and a mask keeps what is there."""
    answer = get(asking, PATH, {"kind": kind})
    succeed(asking, answer)
    print(answer.body.decode(), end="")
    return Exit.DONE


def sent(asking: Asking, files: Mapping[str, str], *, dry_run: bool, prune: bool) -> dict[str, Any]:
    """What the server says of files by their names."""
    import json
    from urllib.parse import urlencode

    query = urlencode({"dry_run": str(dry_run).lower(), "prune": str(prune).lower()})
    body = json.dumps({"files": dict(files)}).encode()
    answer: Answer = post(asking, f"{PATH}?{query}", body, {"Content-Type": "application/json"})
    return decoded(asking, answer)


def read_files(paths: tuple[Path, ...]) -> dict[str, str]:
    """The texts of files, of those in folders too, by their names.

    Raises:
        Ended: one cannot be read, or there is nothing.
    """
    found: dict[str, str] = {}
    size = 0
    for path in paths:
        for one in _files(path):
            text = _text(one)
            size += len(text)
            if size > MAX_BYTES:
                raise Ended(Exit.REFUSED, f"{one}: the files are larger than {MAX_BYTES >> 20} MiB together")
            found[str(one)] = text
    if not found:
        named = " ".join(map(str, paths)) or "nothing"
        raise Ended(Exit.USAGE, f"{named}: no file ends in {', '.join(sorted(_SUFFIXES))}: give one with -f FILE")
    return found


def _sent(asking: Asking, paths: tuple[Path, ...], *, dry_run: bool, prune: bool) -> dict[str, Any]:
    return sent(asking, read_files(paths), dry_run=dry_run, prune=prune)


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from sorted(one for one in path.rglob("*") if one.suffix in _SUFFIXES and one.is_file())
    else:
        yield path


def _text(path: Path) -> str:
    try:
        return sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except OSError as error:
        raise Ended(Exit.USAGE, f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise Ended(Exit.USAGE, f"{path} cannot be read: byte {error.start} is no UTF-8") from None


def _show(asking: Asking, found: Mapping[str, Any]) -> None:
    if asking.as_json:
        printing.show_json(found)
        return
    for change in found["changes"]:
        print(f"{_SIGNS[change['action']]} {change['kind']} {_word(change['name'])}")
        for field in change["fields"]:
            if field["before"] is not None:
                print(f"  - {field['path']}: {_word(field['before'])}")
            if field["after"] is not None:
                print(f"  + {field['path']}: {_word(field['after'])}")


def _counted(counts: Mapping[str, int], words: Mapping[str, str]) -> str:
    told = ", ".join(f"{count} {words[action]}" for action, count in counts.items() if count)
    return told or "nothing differs"


def _word(value: Any) -> str:
    """A value on one line: a plain text as it is, anything else as JSON."""
    import json

    if isinstance(value, str) and value.isprintable() and value and value == value.strip():
        return value
    return json.dumps(value, ensure_ascii=False)
